/*
 * Names the functions of a recursion without end. Lua's own message for it has a line at best; and most often there was
 * none, for the VM's memory was used up first ("not enough memory", which runs no message handler).
 */
#ifndef PA_RECURSION_H
#define PA_RECURSION_H

#include <lua.h>
#include <stdbool.h>

enum {
	PA_RECURSION_DEPTH = 10000, /* nested calls that pa_recursion_watch refuses (SBX-09) */
	PA_RECURSION_SHARE = 8, /* of a VM's memory: a block of 1/8, such as a stack that has grown, is a reason to look */
};

/* Has the coroutine `L`, which runs, raise at its next instruction when its calls are nested too deep by then. Never
 * raises itself and allocates nothing: for an allocator. */
void pa_recursion_watch(lua_State *L);

/* Replaces an error message on top of the stack that Lua made for an overflow of a stack by one that names the
 * functions which call each other. Any other value stays. Call before the stack is unwound. May raise (memory). */
void pa_recursion_explain(lua_State *L);

/* Whether a message is about an overflow of Lua's stack or of C's. */
bool pa_recursion_is(const char *message);

#endif
