/* Values between Lua and SQL: parameters of a statement and its rows, for native.db and native.traffic. */
#ifndef PA_ROWS_H
#define PA_ROWS_H

#include <lua.h>

struct pa_statement;

enum { PA_ROWS_MAX = 10000 }; /* of one query */

/* Makes the metatable of blobs. May raise (memory). */
void pa_rows_prepare(lua_State *L);

/* Pushes a blob of the string argument at index 1 and returns 1: native.db.blob. */
int pa_rows_blob(lua_State *L);

/* Binds the values from index 2 to `last`; their bytes stay the Lua values'. Raises for a wrong number or type. */
void pa_rows_bind(lua_State *L, struct pa_statement *statement, int last);

/* Pushes the row that the statement is at, as a table by column. May raise (memory). */
void pa_rows_push(lua_State *L, struct pa_statement *statement);

#endif
