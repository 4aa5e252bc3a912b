/*
 * The table library of scripts, as Lua's own, but for this: a loop can be interrupted when the budget of the call is
 * spent, also when the length of a table is a lie of its __len, or its metamethods are functions in C. Runs on the
 * thread of the VM.
 */
#ifndef PA_TABLE_LIBRARY_H
#define PA_TABLE_LIBRARY_H

#include <lua.h>

/* Pushes the library. May raise (memory). */
void pa_table_library_push(lua_State *L);

#endif
