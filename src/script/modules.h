/*
 * `require`: a module is a script of the snapshot or a native module; app, library and command line may require
 * different ones (SBX-03, script/rooms). The globals of a chunk are strict and read-only.
 */
#ifndef PA_MODULES_H
#define PA_MODULES_H

#include <lua.h>
#include <stdbool.h>

/* Makes the globals of a fresh state whose native context is attached. `privileged`: native.files may be required. May
 * raise. */
void pa_modules_open(lua_State *L, bool privileged);

/* Pushes the value of a module as the library sees it; raises when it cannot be loaded. */
void pa_modules_require(lua_State *L, const char *name);

#endif
