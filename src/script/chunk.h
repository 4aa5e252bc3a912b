/*
 * A script as a function of Lua. The first VM of a snapshot compiles it; those after it load the binary form, which
 * takes a third of the time. That form never leaves the process.
 */
#ifndef PA_CHUNK_H
#define PA_CHUNK_H

#include <lua.h>
#include <stdbool.h>

#include "script/snapshot.h"

/* Pushes the function, and returns true; or pushes Lua's message about the syntax. `name` is that of Lua's chunks. With
 * `keep_frames` its tail calls are plain calls (script/tail_calls). May raise (memory). */
bool pa_chunk_load(lua_State *L, const struct pa_script *script, const char *name, bool keep_frames);

#endif
