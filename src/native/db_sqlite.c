/* SQLite: one connection that writes, a few that read. */
#include "db_sqlite3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "db_file.h"

enum {
	WAIT_SECONDS = 5,
	BUSY_MS = WAIT_SECONDS * 1000,
	PROGRESS_STEPS = 100000, /* of SQLite's machine, some milliseconds */
	LIKE_MAX = 1000,         /* bytes of a pattern: each % is a nested call, and some thousands end the process */
	VALUE_MAX = 32 << 20,    /* bytes of a value, a row or a statement: a VM can hold no more either */
};

/* Errors */

int pa_connection_fail(struct pa_connection *connection, struct pa_error *error)
{
	int code = sqlite3_extended_errcode(connection->handle);
	const char *word = "database";

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		word = "constraint";
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		word = "busy";
		break;
	case SQLITE_FULL:
		word = "full";
		break;
	case SQLITE_IOERR:
		word = code == SQLITE_IOERR_WRITE ? "full" : "database";
		break;
	case SQLITE_AUTH:
		word = "denied";
		break;
	case SQLITE_INTERRUPT:
		return pa_error_set(error, "too_long", "the statement took more than %d ms of CPU", PA_DB_STATEMENT_CPU_MS);
	case SQLITE_ERROR:
		word = "syntax";
		break;
	default:
		break;
	}
	return pa_error_set(error, word, "%s", sqlite3_errmsg(connection->handle));
}

/* A guarded statement may read and write its own tables, nothing that reaches the library's or another file. */
static int authorize(
	void *context, int action, const char *first, const char *second, const char *database, const char *trigger)
{
	const struct pa_connection *connection = context;

	(void)database, (void)trigger;
	if (!connection->guarded)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
	case SQLITE_PRAGMA:
	case SQLITE_CREATE_VTABLE:
	case SQLITE_DROP_VTABLE:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return SQLITE_DENY;
	case SQLITE_FUNCTION:
		return second && strcasecmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	default:
		break;
	}
	if ((first && strncasecmp(first, "pa_", 3) == 0) ||
		(second && strncasecmp(second, "pa_", 3) == 0 && action != SQLITE_READ && action != SQLITE_UPDATE))
		return SQLITE_DENY;
	return SQLITE_OK;
}

/* Connections */

static int run(struct pa_connection *connection, const char *sql, struct pa_error *error)
{
	return sqlite3_exec(connection->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
																				: pa_connection_fail(connection, error);
}

/* SQLite asks while a statement runs; not 0 ends it. A statement is not interrupted by a script's budget (SBX-08). */
static int has_run_too_long(void *context)
{
	struct pa_connection *connection = context;
	struct timespec cpu;

	if (!connection->limited)
		return 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	int64_t now = (int64_t)cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000;
	if (connection->cpu_ms_at_most == 0)
		connection->cpu_ms_at_most = now + PA_DB_STATEMENT_CPU_MS;
	return now >= connection->cpu_ms_at_most;
}

/* The WAL-reset bug and a damaged disk show here, before anything is written (ST-09, ST-11). */
static int check(struct pa_connection *connection, const char *path, struct pa_error *error)
{
	sqlite3_stmt *statement = NULL;
	int result = -1;

	if (sqlite3_prepare_v2(connection->handle, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
		sqlite3_step(statement) != SQLITE_ROW)
		pa_error_set(error, "database", "%s cannot be read: %s", path, sqlite3_errmsg(connection->handle));
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
		pa_error_set(error, "database", "%s is damaged (%s): restore it from a backup; it was not touched", path,
			(const char *)sqlite3_column_text(statement, 0));
	else
		result = 0;
	sqlite3_finalize(statement);
	return result;
}

/* When several processes make one file at once, SQLite does not wait for the one that changes the journal mode. */
static int begin_log(struct pa_connection *connection, struct pa_error *error)
{
	struct timespec now;
	int result;

	clock_gettime(CLOCK_MONOTONIC, &now);
	time_t until = now.tv_sec + WAIT_SECONDS;
	while ((result = run(connection, "PRAGMA mmap_size = 0; PRAGMA journal_mode = WAL", error)) < 0 &&
		   (sqlite3_errcode(connection->handle) & 0xff) == SQLITE_BUSY && now.tv_sec < until) {
		nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	return result;
}

static int connect(struct pa_db *db, struct pa_connection *connection, bool writes, struct pa_error *error)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_READWRITE;

	connection->db = db;
	connection->writes = writes;
	connection->durable = true;
	if (!db->path)
		flags |= SQLITE_OPEN_MEMORY | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(db->path ? db->path : ":memory:", &connection->handle, flags, NULL) != SQLITE_OK)
		return connection->handle ? pa_connection_fail(connection, error)
								  : pa_error_set(error, "database", "not enough memory");
	sqlite3_extended_result_codes(connection->handle, 1);
	sqlite3_busy_timeout(connection->handle, BUSY_MS);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_limit(connection->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(connection->handle, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(connection->handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_MAX);
	sqlite3_set_authorizer(connection->handle, authorize, connection);
	sqlite3_progress_handler(connection->handle, PROGRESS_STEPS, has_run_too_long, connection);
	/* What is damaged is found before the journal mode is written into it. */
	if (writes && ((db->path && check(connection, db->path, error) < 0) || begin_log(connection, error) < 0))
		return -1;
	return run(connection,
		writes ? "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"
			   : "PRAGMA mmap_size = 0; PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0",
		error);
}

static void disconnect(struct pa_connection *connection)
{
	pa_connection_forget_statements(connection);
	sqlite3_close(connection->handle);
}

static int open_connections(struct pa_db *db, struct pa_error *error)
{
	if (connect(db, &db->writer, true, error) < 0)
		return -1;
	if (!db->path)
		return 0;
	for (; db->reader_count < PA_DB_READERS; db->reader_count++)
		if (connect(db, &db->readers[db->reader_count], false, error) < 0)
			return -1;
	return 0;
}

struct pa_db *pa_db_open(const char *url, struct pa_error *error)
{
	struct pa_db *db = NULL;
	pthread_condattr_t monotonic;
	struct pa_error why = {0};

	if (!url || strncmp(url, "sqlite:", 7) != 0 || !url[7]) {
		pa_error_set(error, "usage", "DATABASE_URL must be sqlite:PATH, not '%s'", url ? url : "");
		return NULL;
	}
	db = calloc(1, sizeof *db);
	if (!db || (strcmp(url + 7, ":memory:") != 0 && !(db->path = strdup(url + 7)))) {
		free(db);
		pa_error_set(error, "database", "not enough memory");
		return NULL;
	}
	pthread_mutex_init(&db->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&db->reader_given, &monotonic);
	pthread_cond_init(&db->writer_given, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if ((db->path && pa_db_file_prepare(db->path, error) < 0))
		goto failed;
	if (open_connections(db, &why) < 0) {
		pa_error_set(error, "database", "database %s: %s", url + 7, why.text);
		goto failed;
	}
	return db;

failed:
	pa_db_close(db);
	return NULL;
}

void pa_db_close(struct pa_db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < PA_DB_READERS; i++)
		disconnect(&db->readers[i]);
	disconnect(&db->writer);
	pthread_cond_destroy(&db->reader_given);
	pthread_cond_destroy(&db->writer_given);
	pthread_mutex_destroy(&db->mutex);
	free(db->path);
	free(db);
}

static struct pa_connection *find_free(struct pa_db *db, enum pa_db_access access)
{
	for (unsigned i = 0; access == PA_DB_READ && i < db->reader_count; i++)
		if (!db->readers[i].taken)
			return &db->readers[i];
	bool writer_may = access == PA_DB_WRITE || db->reader_count == 0;
	return writer_may && !db->writer.taken ? &db->writer : NULL;
}

struct pa_connection *pa_db_take_free(struct pa_db *db, enum pa_db_access access)
{
	pthread_mutex_lock(&db->mutex);
	struct pa_connection *connection = find_free(db, access);
	if (connection)
		connection->taken = true;
	pthread_mutex_unlock(&db->mutex);
	return connection;
}

struct pa_connection *pa_db_take(struct pa_db *db, enum pa_db_access access, struct pa_error *error)
{
	bool reader = access == PA_DB_READ && db->reader_count > 0;
	struct pa_connection *connection;
	struct timespec until;
	int waited = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&db->mutex);
	while (!(connection = find_free(db, access)) && waited == 0)
		waited = pthread_cond_timedwait(reader ? &db->reader_given : &db->writer_given, &db->mutex, &until);
	if (connection)
		connection->taken = true;
	pthread_mutex_unlock(&db->mutex);
	if (!connection)
		pa_error_set(error, "busy", "the database is busy");
	return connection;
}

void pa_db_give(struct pa_connection *connection)
{
	struct pa_db *db = connection->db;

	pthread_mutex_lock(&db->mutex);
	connection->taken = false;
	pthread_cond_signal(connection == &db->writer ? &db->writer_given : &db->reader_given);
	pthread_mutex_unlock(&db->mutex);
}

int pa_db_durable(struct pa_connection *connection, bool durable, struct pa_error *error)
{
	if (connection->durable == durable)
		return 0;
	if (run(connection, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error) < 0)
		return -1;
	connection->durable = durable;
	return 0;
}

int64_t pa_connection_changes(const struct pa_connection *connection)
{
	return sqlite3_changes64(connection->handle);
}

int64_t pa_connection_rowid(const struct pa_connection *connection)
{
	return sqlite3_last_insert_rowid(connection->handle);
}

int pa_connection_run(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error)
{
	connection->guarded = guarded;
	int result = run(connection, sql, error);
	connection->guarded = false;
	return result;
}

int pa_connection_wipe(struct pa_connection *connection, struct pa_error *error)
{
	int result = sqlite3_wal_checkpoint_v2(connection->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	return result == SQLITE_OK ? 0 : pa_connection_fail(connection, error);
}

int pa_connection_back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error)
{
	const char *path = connection->db->path;
	sqlite3 *source = NULL, *copy = NULL; /* a connection of its own: one that is writing cannot be copied from */
	char target[4096];
	int result = -1;

	if (!path)
		return 0;
	snprintf(target, sizeof target, "%s.%s", path, suffix);
	if (pa_db_file_prepare(target, error) < 0)
		return -1;
	if (sqlite3_open_v2(path, &source, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		sqlite3_open_v2(target, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		sqlite3_backup *backup = sqlite3_backup_init(copy, "main", source, "main");
		if (backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE)
			result = 0;
		if (backup && sqlite3_backup_finish(backup) != SQLITE_OK)
			result = -1;
	}
	if (result < 0)
		pa_error_set(error, "database", "cannot back up to %s: %s", target, sqlite3_errmsg(copy ? copy : source));
	sqlite3_close(source);
	sqlite3_close(copy);
	return result;
}
