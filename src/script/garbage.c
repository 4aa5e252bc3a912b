#include "script/garbage.h"

enum { SMALL = 64 << 10 }; /* for fewer bytes there is room, or nothing helps */

void pa_garbage_make_room(lua_State *L, size_t bytes)
{
	void *heap;
	lua_Alloc allocate = lua_getallocf(L, &heap);

	if (bytes < SMALL)
		return;
	void *block = allocate(heap, NULL, 0, bytes);
	if (block)
		allocate(heap, block, bytes, 0);
	else
		lua_gc(L, LUA_GCCOLLECT, 0);
}
