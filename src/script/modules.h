/*
 * `require`: a module is a script of the snapshot or a native module; app, library and command line may require
 * different modules (SBX-03, script/rooms). The globals of a chunk are read-only, and reading an undeclared one raises.
 * Runs on the thread of the VM.
 */
#ifndef PA_MODULES_H
#define PA_MODULES_H

#include <lua.h>
#include <stdbool.h>

/* Makes the globals of a new state, which must have a native context. `privileged`: its library may require
 * native.files. May raise (memory). */
void pa_modules_open(lua_State *L, bool privileged);

/* Pushes the value of a module as the library sees it; raises when it cannot be loaded. */
void pa_modules_require(lua_State *L, const char *name);

#endif
