/*
 * The part of Lua's standard libraries that scripts have: read-only, without functions that cannot be interrupted or
 * that reach outside (SBX-01 to SBX-07). script/modules adds `require` and makes globals of them. Runs on the thread of
 * the VM.
 */
#ifndef PA_LIBS_H
#define PA_LIBS_H

#include <lua.h>

/* Pushes a table of the base functions and the libraries. The state must have a native context. May raise (memory). */
void pa_libs_push(lua_State *L);

#endif
