/* Read-only views of tables: what scripts share must not be changed by one of them (SBX-11, SBX-12). */
#ifndef PA_FREEZE_H
#define PA_FREEZE_H

#include <lua.h>

/* Replaces the table on top by a read-only view of it. May raise (memory). */
void pa_freeze(lua_State *L);

/* rawset for scripts: as Lua's, but raises for a view. */
int pa_freeze_rawset(lua_State *L);

#endif
