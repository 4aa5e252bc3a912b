/*
 * SQL functions in place of SQLite's own whose time grows with the product of two lengths: nothing could end a call of
 * them. They give the same results. Never raises.
 */
#ifndef PA_SQLITE_FUNCTIONS_H
#define PA_SQLITE_FUNCTIONS_H

#include <sqlite3.h>

struct pa_sqlite_limit;

/* Adds them to a connection; `limit` is that of its statements, and outlives it. 0, or -1. */
int pa_sqlite_functions_add(sqlite3 *handle, struct pa_sqlite_limit *limit);

#endif
