/* `require`: a module is a file of the snapshot or a native one; who asks decides what may be seen (SBX-03). */
#ifndef PA_MODULES_H
#define PA_MODULES_H

#include <lua.h>
#include <stdbool.h>

#include "scripts.h"

/* Prepares a state whose native context is attached. May raise. */
void pa_modules_open(lua_State *L, bool privileged);

/* Pushes the `require` of chunks of that kind. May raise. */
void pa_modules_push_require(lua_State *L, enum pa_scripts_kind kind);

/* Pushes the value of a module as the library sees it; raises when it cannot be loaded. */
void pa_modules_require(lua_State *L, const char *name);

#endif
