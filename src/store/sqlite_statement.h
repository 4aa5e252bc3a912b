/* SQLite's connection as its statements use it, and the statements: half of the driver that store/sqlite completes. */
#ifndef PA_SQLITE_STATEMENT_H
#define PA_SQLITE_STATEMENT_H

#include <sqlite3.h>

#include "store/driver.h"

enum {
	PA_SQLITE_STATEMENTS = 64, /* cached on a connection */
	PA_SQLITE_CPU_MS = 1000,   /* that one may take */
};

struct pa_sqlite_statement;

struct pa_sqlite {
	struct pa_connection base;
	sqlite3 *handle;
	char *path; /* NULL: in memory */
	bool guarded, durable;
	bool limited;           /* a statement runs that has a limit */
	int64_t cpu_ms_at_most; /* of the thread, for that statement; 0: not looked at yet */
	uint64_t uses;          /* of cached statements, so far */
	struct pa_sqlite_statement *statements[PA_SQLITE_STATEMENTS];
};

/* The connection's last error: -1, with a code of pa_statement_step's. */
int pa_sqlite_statement_fail(const struct pa_sqlite *sqlite, struct pa_error *error);

/* Frees the statements that a connection has cached. */
void pa_sqlite_statement_forget(struct pa_sqlite *sqlite);

/* The functions of struct pa_driver. */
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
