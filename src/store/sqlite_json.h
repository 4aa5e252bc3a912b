/*
 * json_set, json_insert and json_patch of SQLite behind checks of their arguments: a long path overflows the stack, and
 * two large objects take hours to merge. SQLite's own functions run on a connection of their own. Never raises.
 */
#ifndef PA_SQLITE_JSON_H
#define PA_SQLITE_JSON_H

#include <sqlite3.h>

struct pa_sqlite_limit;

/* Adds them to a connection, which owns what they need; `limit` is that of its statements. 0, or -1. */
int pa_sqlite_json_add(sqlite3 *handle, struct pa_sqlite_limit *limit);

#endif
