/*
 * The string library of scripts: Lua's own, with calls refused that nothing could interrupt (SBX-07). Runs on the
 * thread of the VM.
 */
#ifndef PA_STRING_LIBRARY_H
#define PA_STRING_LIBRARY_H

#include <lua.h>

/* Pushes the library, which is also the __index of all strings. May raise (memory). */
void pa_string_library_push(lua_State *L);

#endif
