/*
 * SQLite behind db.c: connections, statements and the rules between them. Nothing here knows Lua. A connection is used
 * by one thread at a time; who has it, has it alone.
 */
#ifndef PA_DB_SQLITE_H
#define PA_DB_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct pa_connection;
struct pa_statement;

enum pa_db_access { PA_DB_READ, PA_DB_WRITE };

/*
 * Takes a connection: a writer alone, a reader beside others. Waits at most 5 s for the writer. NULL with code "busy"
 * or "database".
 */
struct pa_connection *pa_db_take(struct pa_db *db, enum pa_db_access access, struct pa_error *error);

/* The same without waiting: NULL when none is free. */
struct pa_connection *pa_db_take_free(struct pa_db *db, enum pa_db_access access);

void pa_db_give(struct pa_connection *connection);

/* Whether a commit waits for the disk, from the next transaction on. */
int pa_db_durable(struct pa_connection *connection, bool durable, struct pa_error *error);

/*
 * A prepared statement, from the connection's cache when it has one; `guarded` ones may not touch tables of the library
 * (ST-12). Exactly one statement, else code "syntax". Reset and given back by pa_statement_end.
 */
struct pa_statement *pa_statement_begin(
	struct pa_connection *connection, const char *sql, size_t length, bool guarded, struct pa_error *error);
void pa_statement_end(struct pa_statement *statement);

/* How many `?` it has, and whether it writes. */
int pa_statement_parameters(const struct pa_statement *statement);
bool pa_statement_writes(const struct pa_statement *statement);

/* Parameters count from 1. Text and blobs must live until pa_statement_end. 0, or -1 when too large. */
int pa_statement_bind_null(struct pa_statement *statement, int index);
int pa_statement_bind_integer(struct pa_statement *statement, int index, int64_t value);
int pa_statement_bind_number(struct pa_statement *statement, int index, double value);
int pa_statement_bind_text(struct pa_statement *statement, int index, const char *text, size_t length);
int pa_statement_bind_blob(struct pa_statement *statement, int index, const char *bytes, size_t length);

/* 1 with a row, 0 at the end, -1 with "constraint", "busy", "full", "denied", "too_long" (1 s of CPU) or "database". */
int pa_statement_step(struct pa_statement *statement, struct pa_error *error);

/* A row's columns count from 0; texts live until the next step. */
enum pa_column { PA_COLUMN_NULL, PA_COLUMN_INTEGER, PA_COLUMN_NUMBER, PA_COLUMN_BYTES };
int pa_statement_columns(const struct pa_statement *statement);
const char *pa_statement_column_name(const struct pa_statement *statement, int index);
enum pa_column pa_statement_column(
	struct pa_statement *statement, int index, int64_t *integer, double *number, const char **bytes, size_t *length);

/* Of the last statement that wrote. */
int64_t pa_connection_changes(const struct pa_connection *connection);
int64_t pa_connection_rowid(const struct pa_connection *connection);

/* A script of several statements without parameters, BEGIN and COMMIT included. 0, or -1 with a code as above. */
int pa_connection_run(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error);

/* Empties the write-ahead log, so that what was deleted is in no file any more. 0, or -1 with "busy" or "database". */
int pa_connection_wipe(struct pa_connection *connection, struct pa_error *error);

/*
 * Copies a database file to path.suffix, as it was before the transaction that may be open. Nothing for one in memory.
 */
int pa_connection_back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error);

#endif
