/* Read-only views of tables that several scripts share (SBX-11, SBX-12). Runs on the thread of the VM. */
#ifndef PA_FREEZE_H
#define PA_FREEZE_H

#include <lua.h>

/* Replaces the table on top by a read-only view of it. May raise (memory). */
void pa_freeze(lua_State *L);

/* The rawset of scripts, a lua_CFunction: as Lua's, but raises for a view. */
int pa_freeze_rawset(lua_State *L);

#endif
