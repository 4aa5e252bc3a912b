/*
 * Read-only views of tables, so that one request leaves nothing for the next (SBX-11, SBX-12). A view reads from the
 * original, also with pairs, ipairs and #; assignment, rawset and setmetatable raise. Runs on the thread of the VM.
 */
#ifndef PA_FREEZE_H
#define PA_FREEZE_H

#include <lua.h>

/* Replaces the table on top of the stack by a view of it. Tables inside are not views. May raise (memory). */
void pa_freeze(lua_State *L);

/* Replaces the table on top of the stack by a view in which all tables at any depth are views too. Fields that the
 * original gets later are not seen when it has a table inside. May raise (memory). */
void pa_freeze_deep(lua_State *L);

/* rawset that refuses frozen tables. */
int pa_freeze_rawset(lua_State *L);

#endif
