/*
 * The memory of lua-cjson. The build makes a copy of its archive in which malloc, realloc, free, exit, abort and
 * lua_createtable are the pa_json_memory_ functions below: its memory comes from the VM, is counted and limited with
 * the rest of it, a lack of it raises "not enough memory" where lua-cjson would end the process, and tables are made in
 * their final size. Used by the thread that runs the VM.
 */
#ifndef PA_JSON_MEMORY_H
#define PA_JSON_MEMORY_H

#include <lua.h>
#include <stddef.h>

#include "base/text.h"

/* What one call of lua-cjson has. Zero is none. Keep it in a box (native/native.h), for the call may raise. */
struct pa_json_memory {
	lua_State *L;
	struct pa_json_block *first, *reserve;
	struct pa_span sizes; /* of the tables that it will make, as base/json_scan has them; absent: tables grow */
};

/* Call before each call of a lua-cjson function. Calls do not nest. */
void pa_json_memory_begin(struct pa_json_memory *memory, lua_State *L);

/* After begin: the next block of at most so many bytes is made now, so that it cannot fail later. For luaopen_cjson:
 * the finalizer of its first userdata frees what the userdata holds before the allocation has filled it in. May raise.
 */
void pa_json_memory_reserve(struct pa_json_memory *memory, size_t size);

/* The call is over: frees what lua-cjson has not freed. Again, or for zeroed bytes, it does nothing. */
void pa_json_memory_end(struct pa_json_memory *memory);

/* The call is over, and lua-cjson itself frees its memory, later. Again, or for zeroed bytes, it does nothing. */
void pa_json_memory_keep(struct pa_json_memory *memory);

/* For lua-cjson alone. */
void *pa_json_memory_malloc(size_t size);
void *pa_json_memory_realloc(void *at, size_t size);
void pa_json_memory_free(void *at);
void pa_json_memory_table(lua_State *L, int list, int fields);
_Noreturn void pa_json_memory_exit(int code);
_Noreturn void pa_json_memory_abort(void);
_Noreturn void pa_json_memory_assert(const char *condition, const char *file, unsigned line, const char *function);

#endif
