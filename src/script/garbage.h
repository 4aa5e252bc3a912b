/* Room for the buffers of C functions in a VM whose memory is full of garbage. */
#ifndef PA_GARBAGE_H
#define PA_GARBAGE_H

#include <lua.h>
#include <stddef.h>

/* Collects the garbage when the VM has no room for so many bytes more. Call before a luaL_Buffer grows to that size: it
 * asks the allocator itself and raises "not enough memory", where Lua would first collect. Never raises. */
void pa_garbage_make_room(lua_State *L, size_t bytes);

#endif
