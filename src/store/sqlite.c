/* Opens SQLite's connections, sets their limits, runs transactions and backups. */
#include "store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/file.h"
#include "store/sqlite_functions.h"
#include "store/sqlite_json.h"
#include "store/sqlite_place.h"
#include "store/sqlite_statement.h"

enum {
	BUSY_MS = 5000,        /* how long to wait for a connection, or for another process */
	PROGRESS_STEPS = 2000, /* of SQLite's virtual machine between two looks at the clock: each may be slow */
	READERS = 4,
	LIKE_MAX = 1000,      /* bytes of a pattern: each % is a nested call, and thousands of them overflow the stack */
	VALUE_MAX = 16 << 20, /* bytes of a value or a row: a script holds two in the memory of its VM */
	SQL_MAX = 256 << 10,  /* bytes of a statement */
	PARTS_MAX = 50000,    /* instructions of a statement: those without a loop run without a look at the clock */
};

#define IN_MEMORY ":memory:"

/* Connections */

static int run(struct pa_sqlite *sqlite, const char *sql, struct pa_error *error)
{
	return sqlite3_exec(sqlite->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
																			: pa_sqlite_statement_fail(sqlite, error);
}

/* SQLite calls this while a statement runs; a result other than 0 ends the statement. A script's budget cannot
 * (SBX-08). */
static int has_run_too_long(void *context)
{
	struct pa_sqlite *sqlite = context;

	return pa_sqlite_limit_is_over(&sqlite->limit);
}

/* Finds a damaged file before anything is written to it (ST-09, ST-11). */
static int check(struct pa_sqlite *sqlite, const char *path, struct pa_error *error)
{
	sqlite3_stmt *statement = NULL;
	int result = -1;

	if (sqlite3_prepare_v2(sqlite->handle, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK ||
		sqlite3_step(statement) != SQLITE_ROW)
		pa_error_set(error, "database", "%s cannot be read: %s", path, sqlite3_errmsg(sqlite->handle));
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
		pa_error_set(error, "database", "%s is damaged (%s): restore it from a backup; nothing was written to it", path,
			(const char *)sqlite3_column_text(statement, 0));
	else
		result = 0;
	sqlite3_finalize(statement);
	return result;
}

/* Sets the journal mode. SQLite itself does not wait while another process sets it for the same new file. */
static int use_wal(struct pa_sqlite *sqlite, struct pa_error *error)
{
	int64_t until = pa_clock_ms() + BUSY_MS;
	int result;

	while ((result = run(sqlite, "PRAGMA mmap_size = 0; PRAGMA journal_mode = WAL", error)) < 0 &&
		   (sqlite3_errcode(sqlite->handle) & 0xff) == SQLITE_BUSY && pa_clock_ms() < until)
		nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
	return result;
}

/* 0, or -1 without memory. */
static int limit(struct pa_sqlite *sqlite)
{
	/* not sqlite_stmt, dbstat and the like */
	static const char *modules[] = {"json_each", "json_tree", NULL}, *words[] = {"fts5", NULL};
	sqlite3 *handle = sqlite->handle;

	sqlite3_extended_result_codes(handle, 1);
	sqlite3_busy_timeout(handle, BUSY_MS);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, PARTS_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_MAX);
	sqlite3_set_authorizer(handle, pa_sqlite_access_authorize, &sqlite->access);
	sqlite3_progress_handler(handle, PROGRESS_STEPS, has_run_too_long, sqlite);
	sqlite3_drop_modules(handle, sqlite->words ? words : modules);
	return pa_sqlite_functions_add(handle, &sqlite->limit) == 0 && pa_sqlite_json_add(handle, &sqlite->limit) == 0 ? 0
																												   : -1;
}

static int open_handle(struct pa_sqlite *sqlite, bool writes, struct pa_error *error)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_READWRITE;

	if (!sqlite->path)
		flags |= SQLITE_OPEN_MEMORY | SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(sqlite->path ? sqlite->path : IN_MEMORY, &sqlite->handle, flags, NULL) != SQLITE_OK)
		return sqlite->handle ? pa_sqlite_statement_fail(sqlite, error)
							  : pa_error_set(error, "database", "not enough memory");
	if (limit(sqlite) < 0)
		return pa_error_set(error, "database", "not enough memory");
	/* The check is first: setting the journal mode writes to the file. */
	if (writes && ((sqlite->path && check(sqlite, sqlite->path, error) < 0) || use_wal(sqlite, error) < 0))
		return -1;
	return run(sqlite,
		writes ? "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"
			   : "PRAGMA mmap_size = 0; PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0",
		error);
}

static bool is_in_memory(const char *place)
{
	return strcmp(place, IN_MEMORY) == 0;
}

static int prepare_file(const char *place, struct pa_error *error)
{
	return is_in_memory(place) ? 0 : pa_file_prepare(place, error);
}

/* A database in memory has one connection only: another one would be another database. */
static unsigned readers(const char *place)
{
	return is_in_memory(place) ? 0 : READERS;
}

static void disconnect(struct pa_connection *connection)
{
	struct pa_sqlite *sqlite = (struct pa_sqlite *)connection;

	pa_sqlite_statement_forget(sqlite);
	sqlite3_close(sqlite->handle);
	free(sqlite->path);
	free(sqlite);
}

static struct pa_connection *open_connection(const char *place, bool writes, bool words, struct pa_error *error)
{
	if (pa_sqlite_limit_install() < 0) {
		pa_error_set(error, "database", "SQLite was in use before its limits were set");
		return NULL;
	}
	struct pa_sqlite *sqlite = calloc(1, sizeof *sqlite);
	if (!sqlite || (!is_in_memory(place) && !(sqlite->path = strdup(place)))) {
		free(sqlite);
		pa_error_set(error, "database", "not enough memory");
		return NULL;
	}
	sqlite->durable = true;
	sqlite->words = words;
	if (open_handle(sqlite, writes, error) < 0) {
		disconnect(&sqlite->base);
		return NULL;
	}
	return &sqlite->base;
}

/* Functions of the driver */

static struct pa_connection *connect(const char *place, bool writes, struct pa_error *error)
{
	return open_connection(place, writes, false, error);
}

static struct pa_connection *connect_words(const char *place, bool writes, struct pa_error *error)
{
	return open_connection(place, writes, true, error);
}

static int set_durable(struct pa_connection *connection, bool durable, struct pa_error *error)
{
	struct pa_sqlite *sqlite = (struct pa_sqlite *)connection;

	if (sqlite->durable == durable)
		return 0;
	if (run(sqlite, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", error) < 0)
		return -1;
	sqlite->durable = durable;
	return 0;
}

/* BEGIN or COMMIT, for what will still be there at the next start (ST-14). */
static int run_in_place(struct pa_connection *connection, const char *sql, struct pa_error *error)
{
	struct pa_sqlite *sqlite = (struct pa_sqlite *)connection;

	if (sqlite->path && pa_sqlite_place_check(sqlite->handle, sqlite->path, &sqlite->log, error) < 0)
		return -1;
	return run(sqlite, sql, error);
}

static int begin(struct pa_connection *connection, struct pa_error *error)
{
	return run_in_place(connection, "BEGIN IMMEDIATE", error);
}

static int commit(struct pa_connection *connection, struct pa_error *error)
{
	return run_in_place(connection, "COMMIT", error);
}

static bool in_transaction(const struct pa_connection *connection)
{
	return !sqlite3_get_autocommit(((const struct pa_sqlite *)connection)->handle);
}

static int run_script(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error)
{
	return pa_sqlite_statement_run_script((struct pa_sqlite *)connection, sql, guarded, error);
}

static int wipe(struct pa_connection *connection, struct pa_error *error)
{
	struct pa_sqlite *sqlite = (struct pa_sqlite *)connection;
	int result = sqlite3_wal_checkpoint_v2(sqlite->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	return result == SQLITE_OK ? 0 : pa_sqlite_statement_fail(sqlite, error);
}

static int64_t changes(const struct pa_connection *connection)
{
	return sqlite3_changes64(((const struct pa_sqlite *)connection)->handle);
}

static int back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error)
{
	const char *path = ((struct pa_sqlite *)connection)->path;
	sqlite3 *source = NULL, *copy = NULL; /* a second connection: SQLite cannot copy from one that is writing */
	char target[4096];
	int result = -1;

	if (!path)
		return 0;
	snprintf(target, sizeof target, "%s.%s", path, suffix);
	if (pa_file_prepare(target, error) < 0)
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

#define SHARED                                                                                                     \
	.prepare = prepare_file, .readers = readers, .disconnect = disconnect, .durable = set_durable, .begin = begin, \
	.commit = commit, .in_transaction = in_transaction, .run = run_script, .wipe = wipe, .back_up = back_up,       \
	.changes = changes, .statement_begin = pa_sqlite_statement_begin, .statement_end = pa_sqlite_statement_end,    \
	.parameters = pa_sqlite_statement_parameters, .writes = pa_sqlite_statement_writes,                            \
	.bind = pa_sqlite_statement_bind, .step = pa_sqlite_statement_step, .columns = pa_sqlite_statement_columns,    \
	.column_name = pa_sqlite_statement_column_name, .column = pa_sqlite_statement_column

const struct pa_driver pa_sqlite_driver = {.scheme = "sqlite", .connect = connect, SHARED};
const struct pa_driver pa_sqlite_words_driver = {.scheme = "sqlite-words", .connect = connect_words, SHARED};
