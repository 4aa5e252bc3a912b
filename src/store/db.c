/* The connections of a database, each leased by one thread at a time, and the calls of its driver. */
#include "store/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stats.h"
#include "store/drivers.h"

enum { WAIT_MS = 5000, READERS_MAX = 8 };

struct pa_db {
	const struct pa_driver *driver;
	char *place;
	pthread_mutex_t mutex;                           /* for `leased` of the connections */
	pthread_cond_t reader_returned, writer_returned; /* without readers, reading waits for the writer too */
	struct pa_connection *writer, *readers[READERS_MAX];
	unsigned reader_count;
};

static const struct pa_driver *find_driver(const char *url, const char **place)
{
	for (size_t i = 0; url && pa_drivers[i]; i++) {
		size_t length = strlen(pa_drivers[i]->scheme);
		if (strncmp(url, pa_drivers[i]->scheme, length) == 0 && url[length] == ':' && url[length + 1]) {
			*place = url + length + 1;
			return pa_drivers[i];
		}
	}
	return NULL;
}

static struct pa_connection *connect(struct pa_db *db, bool writes, struct pa_error *error)
{
	struct pa_connection *connection = db->driver->connect(db->place, writes, error);

	if (connection) {
		connection->driver = db->driver;
		connection->db = db;
	}
	return connection;
}

static int open_connections(struct pa_db *db, struct pa_error *error)
{
	if (db->driver->prepare(db->place, error) < 0)
		return -1;
	db->writer = connect(db, true, error);
	if (!db->writer)
		return -1;
	unsigned readers = db->driver->readers(db->place);
	for (; db->reader_count < readers && db->reader_count < READERS_MAX; db->reader_count++) {
		db->readers[db->reader_count] = connect(db, false, error);
		if (!db->readers[db->reader_count])
			return -1;
	}
	return 0;
}

struct pa_db *pa_db_open(const char *url, struct pa_error *error)
{
	struct pa_error why = {0};
	const char *place;
	const struct pa_driver *driver = find_driver(url, &place);

	if (!driver) {
		pa_error_set(error, "usage", "DATABASE_URL must be sqlite:PATH, not '%s'", url ? url : "");
		return NULL;
	}
	struct pa_db *db = calloc(1, sizeof *db);
	if (!db || !(db->place = strdup(place))) {
		free(db);
		pa_error_set(error, "database", "not enough memory");
		return NULL;
	}
	db->driver = driver;
	pthread_mutex_init(&db->mutex, NULL);
	pa_clock_condition(&db->reader_returned);
	pa_clock_condition(&db->writer_returned);
	if (open_connections(db, &why) < 0) {
		pa_error_set(error, "database", "database %s: %s", place, why.text);
		pa_db_close(db);
		return NULL;
	}
	return db;
}

/* Disconnects; 1 when the connection was still leased, else 0. */
static unsigned close_connection(const struct pa_db *db, struct pa_connection *connection)
{
	if (!connection)
		return 0;
	unsigned leased = connection->leased;
	db->driver->disconnect(connection);
	return leased;
}

void pa_db_close(struct pa_db *db)
{
	if (!db)
		return;
	unsigned leased = close_connection(db, db->writer);
	for (unsigned i = 0; i < db->reader_count; i++)
		leased += close_connection(db, db->readers[i]);
	pa_stats_leaked("database connections", leased);
	pthread_cond_destroy(&db->reader_returned);
	pthread_cond_destroy(&db->writer_returned);
	pthread_mutex_destroy(&db->mutex);
	free(db->place);
	free(db);
}

/* A connection that is not leased, now leased; NULL when there is none. The mutex is held. */
static struct pa_connection *lease_one(struct pa_db *db, enum pa_db_access access)
{
	struct pa_connection *found = NULL;

	for (unsigned i = 0; access == PA_DB_READ && i < db->reader_count && !found; i++)
		if (!db->readers[i]->leased)
			found = db->readers[i];
	bool may_be_writer = access == PA_DB_WRITE || db->reader_count == 0;
	if (!found && may_be_writer && !db->writer->leased)
		found = db->writer;
	if (found) {
		found->leased = true;
		pa_stats_add(PA_STAT_CONNECTIONS_LEASED, 1);
	}
	return found;
}

struct pa_connection *pa_db_lease_free(struct pa_db *db, enum pa_db_access access)
{
	pthread_mutex_lock(&db->mutex);
	struct pa_connection *connection = lease_one(db, access);
	pthread_mutex_unlock(&db->mutex);
	if (!connection || !pa_connection_in_transaction(connection))
		return connection;
	pa_db_return(connection);
	return NULL;
}

/* Rolls back what an earlier lease could not: in its transaction, every change would look done and none be kept. */
static struct pa_connection *without_transaction(struct pa_connection *connection, struct pa_error *error)
{
	if (!pa_connection_in_transaction(connection) || connection->driver->run(connection, "ROLLBACK", false, error) == 0)
		return connection;
	pa_db_return(connection);
	return NULL;
}

struct pa_connection *pa_db_lease(struct pa_db *db, enum pa_db_access access, struct pa_error *error)
{
	pthread_cond_t *returned =
		access == PA_DB_READ && db->reader_count > 0 ? &db->reader_returned : &db->writer_returned;
	struct timespec until = pa_clock_in(WAIT_MS);
	struct pa_connection *connection;
	int waited = 0;

	pthread_mutex_lock(&db->mutex);
	while (!(connection = lease_one(db, access)) && waited == 0)
		waited = pthread_cond_timedwait(returned, &db->mutex, &until);
	pthread_mutex_unlock(&db->mutex);
	if (connection)
		return without_transaction(connection, error);
	pa_error_set(error, "busy", "no database connection came free within %d s: try again", WAIT_MS / 1000);
	return NULL;
}

void pa_db_return(struct pa_connection *connection)
{
	struct pa_db *db = connection->db;

	pthread_mutex_lock(&db->mutex);
	connection->leased = false;
	pa_stats_add(PA_STAT_CONNECTIONS_LEASED, -1);
	pthread_cond_signal(connection == db->writer ? &db->writer_returned : &db->reader_returned);
	pthread_mutex_unlock(&db->mutex);
}

bool pa_connection_is_writer(const struct pa_connection *connection)
{
	return connection == connection->db->writer;
}

/* Calls of the driver: the contracts are in store/db.h */

int pa_connection_durable(struct pa_connection *connection, bool durable, struct pa_error *error)
{
	return connection->driver->durable(connection, durable, error);
}

int pa_connection_begin(struct pa_connection *connection, struct pa_error *error)
{
	return connection->driver->begin(connection, error);
}

int pa_connection_commit(struct pa_connection *connection, struct pa_error *error)
{
	return connection->driver->commit(connection, error);
}

void pa_connection_roll_back(struct pa_connection *connection)
{
	connection->driver->run(connection, "ROLLBACK", false, NULL);
}

bool pa_connection_in_transaction(const struct pa_connection *connection)
{
	return connection->driver->in_transaction(connection);
}

int pa_connection_run(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error)
{
	return connection->driver->run(connection, sql, guarded, error);
}

int pa_connection_wipe(struct pa_connection *connection, struct pa_error *error)
{
	return connection->driver->wipe(connection, error);
}

int pa_connection_back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error)
{
	return connection->driver->back_up(connection, suffix, error);
}

int64_t pa_connection_changes(const struct pa_connection *connection)
{
	return connection->driver->changes(connection);
}

struct pa_statement *pa_statement_begin(
	struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error)
{
	return connection->driver->statement_begin(connection, sql, guarded, error);
}

void pa_statement_end(struct pa_statement *statement)
{
	statement->connection->driver->statement_end(statement);
}

int pa_statement_parameters(const struct pa_statement *statement)
{
	return statement->connection->driver->parameters(statement);
}

bool pa_statement_writes(const struct pa_statement *statement)
{
	return statement->connection->driver->writes(statement);
}

int pa_statement_bind(struct pa_statement *statement, int index, const struct pa_value *value)
{
	return statement->connection->driver->bind(statement, index, value);
}

int pa_statement_step(struct pa_statement *statement, struct pa_error *error)
{
	return statement->connection->driver->step(statement, error);
}

int pa_statement_columns(const struct pa_statement *statement)
{
	return statement->connection->driver->columns(statement);
}

const char *pa_statement_column_name(const struct pa_statement *statement, int index)
{
	return statement->connection->driver->column_name(statement, index);
}

struct pa_value pa_statement_column(const struct pa_statement *statement, int index)
{
	return statement->connection->driver->column(statement, index);
}
