/*
 * SQLite's connection and statements: the half of the driver that store/sqlite completes. The connection owns its
 * statements. Used by the thread that has leased the connection. Never raises.
 */
#ifndef PA_SQLITE_STATEMENT_H
#define PA_SQLITE_STATEMENT_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store/driver.h"
#include "store/sqlite_access.h"
#include "store/sqlite_limit.h"

enum {
	PA_SQLITE_STATEMENTS = 64,       /* that a connection caches */
	PA_SQLITE_CPU_MS = 1000,         /* of thread CPU that one statement may take */
	PA_SQLITE_SCRIPT_CPU_MS = 30000, /* of a migration: an index over a large table takes its time */
};

struct pa_sqlite_statement;

struct pa_sqlite {
	struct pa_connection base;
	sqlite3 *handle;
	char *path;                     /* NULL: in memory */
	ino_t log;                      /* the inode of its write-ahead log; 0: not known yet */
	bool durable;                   /* commits wait for the disk */
	bool words;                     /* FTS5 may be used */
	struct pa_sqlite_access access; /* of the statement that is prepared or runs */
	struct pa_sqlite_limit limit;   /* of the statement that runs */
	uint64_t uses;                  /* of statements, so far */
	struct pa_sqlite_statement *statements[PA_SQLITE_STATEMENTS];
};

/* Fills in *error with the connection's last error: a code of pa_statement_step. Returns -1. */
int pa_sqlite_statement_fail(const struct pa_sqlite *sqlite, struct pa_error *error);

/* Runs several statements without parameters: PA_SQLITE_SCRIPT_CPU_MS for each. 0, or -1. */
int pa_sqlite_statement_run_script(struct pa_sqlite *sqlite, const char *sql, bool guarded, struct pa_error *error);

/* Frees the statements that a connection has cached. */
void pa_sqlite_statement_forget(struct pa_sqlite *sqlite);

/* Functions of struct pa_driver. */
struct pa_statement *pa_sqlite_statement_begin(
	struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error);
void pa_sqlite_statement_end(struct pa_statement *base);
int pa_sqlite_statement_parameters(const struct pa_statement *base);
bool pa_sqlite_statement_writes(const struct pa_statement *base);
int pa_sqlite_statement_bind(struct pa_statement *base, int index, const struct pa_value *value);
int pa_sqlite_statement_step(struct pa_statement *base, struct pa_error *error);
int pa_sqlite_statement_columns(const struct pa_statement *base);
const char *pa_sqlite_statement_column_name(const struct pa_statement *base, int index);
struct pa_value pa_sqlite_statement_column(const struct pa_statement *base, int index);

#endif
