/* Blocks from the VM's allocator, in a list of the call that made them. */
#include "native/json_memory.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pa_json_block {
	struct pa_json_block *next, **link; /* in the list of its call; `link` is NULL for one that is kept */
	size_t size;                        /* of all, for the allocator */
	lua_Alloc allocate;
	void *heap;
	_Alignas(16) char bytes[];
};

/* The call that runs on this thread: malloc has no argument for it. */
static _Thread_local struct pa_json_memory *current;

static void free_block(struct pa_json_block *block)
{
	block->allocate(block->heap, block, block->size, 0);
}

void pa_json_memory_begin(struct pa_json_memory *memory, lua_State *L)
{
	memory->L = L;
	current = memory;
}

static void leave(const struct pa_json_memory *memory)
{
	if (current == memory)
		current = NULL;
}

void pa_json_memory_end(struct pa_json_memory *memory)
{
	leave(memory);
	memory->reserve = NULL;
	while (memory->first) {
		struct pa_json_block *block = memory->first;
		memory->first = block->next;
		free_block(block);
	}
}

void pa_json_memory_keep(struct pa_json_memory *memory)
{
	leave(memory);
	if (memory->reserve)
		pa_json_memory_free(memory->reserve->bytes);
	memory->reserve = NULL;
	while (memory->first) {
		memory->first->link = NULL;
		memory->first = memory->first->next;
	}
}

/* Raises when the VM has no memory left. */
static struct pa_json_block *new_block(lua_State *L, size_t total)
{
	void *heap;
	lua_Alloc allocate = lua_getallocf(L, &heap);
	struct pa_json_block *block = allocate(heap, NULL, 0, total);

	if (!block) {
		/* Lua itself collects garbage and then raises, unless there is enough now. */
		luaL_checkstack(L, 1, "not enough memory");
		lua_newuserdatauv(L, total, 0);
		lua_pop(L, 1);
		lua_gc(L, LUA_GCCOLLECT, 0);
		block = allocate(heap, NULL, 0, total);
	}
	if (!block) {
		luaL_error(L, "not enough memory");
		abort(); /* luaL_error never returns, which Lua's headers do not say */
	}
	*block = (struct pa_json_block){.size = total, .allocate = allocate, .heap = heap};
	return block;
}

static _Noreturn void stop(void)
{
	if (current)
		luaL_error(current->L, "lua-cjson cannot go on");
	abort(); /* outside of a call lua-cjson only frees */
}

void *pa_json_memory_malloc(size_t size)
{
	if (current && current->reserve && size <= current->reserve->size - sizeof(struct pa_json_block)) {
		char *reserved = current->reserve->bytes;
		current->reserve = NULL;
		return reserved;
	}
	if (!current || size > SIZE_MAX - sizeof(struct pa_json_block))
		stop();
	struct pa_json_block *block = new_block(current->L, sizeof *block + size);
	block->next = current->first;
	block->link = &current->first;
	if (block->next)
		block->next->link = &block->next;
	current->first = block;
	return block->bytes;
}

/* The block that begins before the bytes that lua-cjson has. */
static struct pa_json_block *block_of(void *at)
{
	return (struct pa_json_block *)((char *)at - offsetof(struct pa_json_block, bytes));
}

void pa_json_memory_reserve(struct pa_json_memory *memory, size_t size)
{
	memory->reserve = block_of(pa_json_memory_malloc(size));
}

void pa_json_memory_free(void *at)
{
	if (!at)
		return;
	struct pa_json_block *block = block_of(at);
	if (block->link) {
		*block->link = block->next;
		if (block->next)
			block->next->link = block->link;
	}
	free_block(block);
}

void *pa_json_memory_realloc(void *at, size_t size)
{
	char *moved = pa_json_memory_malloc(size);

	if (at) {
		size_t old = block_of(at)->size - sizeof(struct pa_json_block);
		memcpy(moved, at, old < size ? old : size);
		pa_json_memory_free(at);
	}
	return moved;
}

/* lua-cjson decodes: `list` and `fields` are 0, for it does not know the size. */
void pa_json_memory_table(lua_State *L, int list, int fields)
{
	struct pa_span *sizes = current ? &current->sizes : NULL;
	uint32_t size;

	if (sizes && sizes->length >= sizeof size) {
		memcpy(&size, sizes->at, sizeof size);
		sizes->at += sizeof size;
		sizes->length -= sizeof size;
		list = size % 2 ? (int)(size / 2) : 0;
		fields = size % 2 ? 0 : (int)(size / 2);
	}
	lua_createtable(L, list, fields);
}

_Noreturn void pa_json_memory_exit(int code)
{
	(void)code;
	stop();
}

_Noreturn void pa_json_memory_abort(void)
{
	stop();
}

_Noreturn void pa_json_memory_assert(const char *condition, const char *file, unsigned line, const char *function)
{
	(void)condition;
	(void)file;
	(void)line;
	(void)function;
	stop();
}
