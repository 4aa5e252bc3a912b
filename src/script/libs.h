/*
 * What a script has of Lua's standard libraries: a chosen part, frozen, without what nothing could interrupt (SBX-01 to
 * SBX-07). script/modules adds `require` and makes globals of them.
 */
#ifndef PA_LIBS_H
#define PA_LIBS_H

#include <lua.h>

/* Pushes a table of the base functions and the libraries. The state's native context is attached. May raise. */
void pa_libs_push(lua_State *L);

#endif
