/*
 * A database, independent of the library that drives it: connections to lease, transactions, statements. store/db.c
 * owns the connections; a driver (store/driver.h) does the work. Any thread may lease and return; a leased connection
 * and its statements are used by one thread. Never raises.
 */
#ifndef PA_DB_H
#define PA_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/driver.h"

struct pa_db;

/*
 * Opens "sqlite:PATH" or "sqlite::memory:". Makes the file (0600) and its folders (0700) when absent. A file that is
 * not a database, or is damaged, is refused and never overwritten (ST-09). NULL with code "database" or "usage".
 */
struct pa_db *pa_db_open(const char *url, struct pa_error *error);

/* Call when all connections were returned: others are reported as leaked. NULL does nothing. */
void pa_db_close(struct pa_db *db);

enum pa_db_access { PA_DB_READ, PA_DB_WRITE };

/*
 * Leases a connection, until pa_db_return. One connection writes; several others read meanwhile. Waits at most 5 s.
 * NULL with code "busy"; with a code of pa_statement_step when a transaction that an earlier lease could not roll back
 * still cannot be rolled back.
 */
struct pa_connection *pa_db_lease(struct pa_db *db, enum pa_db_access access, struct pa_error *error);

/* The same without waiting: NULL when none is free, or when pa_db_lease has to roll back first. */
struct pa_connection *pa_db_lease_free(struct pa_db *db, enum pa_db_access access);
void pa_db_return(struct pa_connection *connection);

/* Whether it is the one connection that writes. */
bool pa_connection_is_writer(const struct pa_connection *connection);

/* Connections. Each function returns 0, or -1 with a code of pa_statement_step. */

/* Sets whether a commit waits for the disk, from the next transaction on. */
int pa_connection_durable(struct pa_connection *connection, bool durable, struct pa_error *error);

/* Begins a transaction that writes; waits for other processes that write. Commits it; rolls it back. A roll back that
 * fails, for want of memory, is tried again by the next lease. */
int pa_connection_begin(struct pa_connection *connection, struct pa_error *error);
int pa_connection_commit(struct pa_connection *connection, struct pa_error *error);
void pa_connection_roll_back(struct pa_connection *connection);

/* False also when the database itself rolled the transaction back, after an error or for INSERT OR ROLLBACK. */
bool pa_connection_in_transaction(const struct pa_connection *connection);

/* Runs several statements without parameters; for `guarded` see pa_statement_begin. Each may take 30 s of CPU. */
int pa_connection_run(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error);

/* Empties the write-ahead log, so that no file has deleted values any more. */
int pa_connection_wipe(struct pa_connection *connection, struct pa_error *error);

/* Copies the database file to path.suffix, as it was before an open transaction. Does nothing for a database in memory.
 */
int pa_connection_back_up(struct pa_connection *connection, const char *suffix, struct pa_error *error);

/* How many rows the connection's last writing statement has changed. */
int64_t pa_connection_changes(const struct pa_connection *connection);

/* Statements */

/*
 * A prepared statement, from the connection's cache when it is there. `sql` must be exactly one statement (else code
 * "syntax"); with `guarded` it may not use the library's tables (else "denied", ST-12). NULL with a code. The caller
 * ends it with pa_statement_end before the connection is returned.
 */
struct pa_statement *pa_statement_begin(
	struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error);
void pa_statement_end(struct pa_statement *statement);

/* How many `?` the statement has, and whether it writes. */
int pa_statement_parameters(const struct pa_statement *statement);
bool pa_statement_writes(const struct pa_statement *statement);

/* Binds a value to a parameter; `index` from 1. Its bytes must stay valid until pa_statement_end. 0, or -1 for a value
 * that is too large. */
int pa_statement_bind(struct pa_statement *statement, int index, const struct pa_value *value);

/* Runs the statement up to its next row. 1 with a row, 0 at the end, -1 with code "constraint", "busy", "full",
 * "denied", "syntax", "too_long" (1 s of CPU, 128 MiB of memory) or "database". */
int pa_statement_step(struct pa_statement *statement, struct pa_error *error);

/* The columns of a row; `index` from 0. Names and bytes are valid until the next step. Strings are PA_VALUE_BYTES. */
int pa_statement_columns(const struct pa_statement *statement);
const char *pa_statement_column_name(const struct pa_statement *statement, int index);
struct pa_value pa_statement_column(const struct pa_statement *statement, int index);

#endif
