/*
 * What db_sqlite.c and db_statement.c share, and the one place that includes SQLite: no other file includes this
 * header.
 */
#ifndef PA_DB_SQLITE3_H
#define PA_DB_SQLITE3_H

#include <pthread.h>
#include <sqlite3.h>

#include "db_sqlite.h"

enum {
	PA_DB_READERS = 4,
	PA_DB_STATEMENTS = 64, /* cached on a connection */
	PA_DB_STATEMENT_CPU_MS = 1000,
};

struct pa_statement {
	sqlite3_stmt *handle;
	struct pa_connection *connection;
	char *sql;
	size_t length;
	bool guarded;
	uint64_t used; /* for forgetting the one that was not needed longest */
};

struct pa_connection {
	struct pa_db *db;
	sqlite3 *handle;
	bool writes, guarded, durable, taken;
	uint64_t clock;
	bool limited;           /* a statement runs that has a limit */
	int64_t cpu_ms_at_most; /* of the thread, for that statement; 0: not looked at yet */
	struct pa_statement *statements[PA_DB_STATEMENTS];
};

struct pa_db {
	char *path; /* NULL: in memory */
	pthread_mutex_t mutex;
	pthread_cond_t reader_given, writer_given; /* without readers, whoever reads waits for the writer */
	struct pa_connection writer, readers[PA_DB_READERS];
	unsigned reader_count; /* in memory there is but the writer */
};

/* The connection's last error: -1, with a code of pa_statement_step's. */
int pa_connection_fail(struct pa_connection *connection, struct pa_error *error);

/* Frees the statements that a connection has cached. */
void pa_connection_forget_statements(struct pa_connection *connection);

#endif
