/*
 * Keeps the frame of a function that ends with `return f(…)`. Lua drops that frame when it calls f, and with it the
 * line: but handlers end so, and what f raises has to name their line (error levels, native.scripts.caller,
 * tracebacks). The price: a chain of such calls grows the stack, and one without end is a stack overflow.
 */
#ifndef PA_TAIL_CALLS_H
#define PA_TAIL_CALLS_H

#include <lua.h>

/* Replaces the Lua function on top of the stack, just loaded from the source `name`, by one whose tail calls are plain
 * calls. Leaves it as it is when it has none, or when this Lua's binary format is not the known one: then lines are
 * missing in messages. May raise (memory). */
void pa_tail_calls_keep(lua_State *L, const char *name);

#endif
