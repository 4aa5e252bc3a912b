/*
 * A database as its users see it: no SQL dialect, no library's names. store/db.c keeps the connections; a driver
 * (store/driver.h) does the work. Any thread; a connection that was taken is used by one thread at a time.
 */
#ifndef PA_DB_H
#define PA_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/driver.h"

struct pa_db;

/*
 * Opens "sqlite:PATH" or "sqlite::memory:", creating a file as 0600 in a folder as 0700 when absent. Refuses what is
 * not a database or is damaged, and never overwrites it (ST-09). NULL with code "database" or "usage".
 */
struct pa_db *pa_db_open(const char *url, struct pa_error *error);

/* All connections must have been given back. NULL is fine. */
void pa_db_close(struct pa_db *db);

enum pa_db_access { PA_DB_READ, PA_DB_WRITE };

/*
 * Takes a connection: one writes, several read beside it. Waits at most 5 s for one. NULL with code "busy". Give it
 * back with pa_db_return.
 */
struct pa_connection *pa_db_lease(struct pa_db *db, enum pa_db_access access, struct pa_error *error);

/* The same without waiting: NULL when none is free. */
struct pa_connection *pa_db_lease_free(struct pa_db *db, enum pa_db_access access);
void pa_db_return(struct pa_connection *connection);

/* Connections: 0, or -1 with a code of pa_statement_step's. */

/* Whether a commit waits for the disk, from the next transaction on. */
int pa_connection_durable(struct pa_connection *connection, bool durable, struct pa_error *error);

/* Begins a transaction that writes: waits for other processes. Commits, rolls back. */
int pa_connection_begin(struct pa_connection *connection, struct pa_error *error);
int pa_connection_commit(struct pa_connection *connection, struct pa_error *error);
void pa_connection_roll_back(struct pa_connection *connection);

/* Runs a script of several statements without parameters; `guarded` as for pa_statement_begin. */
int pa_connection_run(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error);

/* Empties the write-ahead log, so that what was deleted is in no file any more. */
int pa_connection_wipe(struct pa_connection *connection, struct pa_error *error);

/* Copies a database file to path.suffix, as it was before the transaction that may be open. Does nothing for one in
 * memory. */
int pa_connection_back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error);

/* How many rows the last statement that wrote has changed. */
int64_t pa_connection_changes(const struct pa_connection *connection);

/* Statements */

/*
 * A prepared statement, from the connection's cache when it has one; a `guarded` one may not use the library's tables
 * (ST-12). Exactly one statement, else code "syntax". NULL with a code; reset and given back by pa_statement_end.
 */
struct pa_statement *pa_statement_begin(
	struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error);
void pa_statement_end(struct pa_statement *statement);

/* How many `?` it has, and whether it writes. */
int pa_statement_parameters(const struct pa_statement *statement);
bool pa_statement_writes(const struct pa_statement *statement);

/* Parameters count from 1. Bytes must live until pa_statement_end. 0, or -1 when too large. */
int pa_statement_bind(struct pa_statement *statement, int index, const struct pa_value *value);

/* 1 with a row, 0 at the end, -1 with "constraint", "busy", "full", "denied", "syntax", "too_long" (1 s of CPU) or
 * "database". */
int pa_statement_step(struct pa_statement *statement, struct pa_error *error);

/* A row's columns count from 0; bytes live until the next step. Text comes as PA_VALUE_BYTES. */
int pa_statement_columns(const struct pa_statement *statement);
const char *pa_statement_column_name(const struct pa_statement *statement, int index);
struct pa_value pa_statement_column(const struct pa_statement *statement, int index);

#endif
