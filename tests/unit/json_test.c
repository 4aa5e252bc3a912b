/* Decoding JSON when there is not enough memory: it raises, nothing is left behind, and the process goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "native/modules.h"
#include "native/native.h"

enum { TEXT_LENGTH = (1 << 20) + 1, LIMIT = 8 << 20 };

/* An allocator of Lua with a limit, in which one allocation fails on purpose. */
struct memory {
	size_t used, limit, count, failing; /* `failing`: the number of the one that fails, with all after it */
};

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
	struct memory *memory = context;

	if (!block)
		old_size = 0;
	if (new_size == 0) {
		free(block);
		memory->used -= old_size;
		return NULL;
	}
	if (new_size > old_size &&
		(memory->used - old_size + new_size > memory->limit || ++memory->count >= memory->failing))
		return NULL;
	void *moved = realloc(block, new_size);
	assert_non_null(moved);
	memory->used = memory->used - old_size + new_size;
	return moved;
}

static int l_open(lua_State *L)
{
	pa_native_prepare(L);
	lua_pushcfunction(L, pa_native_open_json);
	lua_call(L, 0, 1);
	return 1;
}

static int l_decode(lua_State *L)
{
	lua_getfield(L, 1, "decode");
	lua_pushlstring(L, lua_touserdata(L, 2), (size_t)lua_tointeger(L, 3));
	lua_call(L, 1, 2);
	return lua_isnil(L, -2) ? lua_error(L) : 0;
}

/* A state with the module at index 1, or NULL. */
static lua_State *new_state(struct memory *memory, struct pa_native_context *context)
{
	lua_State *L = lua_newstate(allocate, memory);

	if (!L)
		return NULL;
	pa_native_attach(L, context);
	lua_pushcfunction(L, l_open);
	if (lua_pcall(L, 0, 1, 0) == LUA_OK)
		return L;
	lua_close(L);
	return NULL;
}

static bool decode(lua_State *L, char *text, size_t length)
{
	lua_pushcfunction(L, l_decode);
	lua_pushvalue(L, 1);
	lua_pushlightuserdata(L, text);
	lua_pushinteger(L, (lua_Integer)length);
	bool fine = lua_pcall(L, 3, 0, 0) == LUA_OK;
	if (!fine && strcmp(lua_tostring(L, -1), "not enough memory") != 0)
		fail_msg("%s", lua_tostring(L, -1));
	lua_settop(L, 1);
	return fine;
}

/* A text whose values need much more memory than it has itself: [[1],[1],…]. */
static char *hostile_text(void)
{
	char *text = malloc(TEXT_LENGTH);

	assert_non_null(text);
	text[0] = '[';
	for (size_t i = 0; i < TEXT_LENGTH - 1; i++)
		text[i + 1] = "[1],"[i % 4];
	text[TEXT_LENGTH - 1] = ']';
	return text;
}

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void SBX_09_a_decode_that_raises_leaves_nothing_behind(void **state)
{
	struct memory memory = {.limit = LIMIT, .failing = SIZE_MAX};
	struct pa_native_context context = {0};
	char *text = hostile_text();

	(void)state;
	lua_State *L = new_state(&memory, &context);
	assert_non_null(L);
	assert_false(decode(L, text, TEXT_LENGTH));
	lua_gc(L, LUA_GCCOLLECT, 0);
	size_t before = allocated(), used = memory.used;
	for (int i = 0; i < 20; i++)
		assert_false(decode(L, text, TEXT_LENGTH));
	lua_gc(L, LUA_GCCOLLECT, 0);
	assert_true(allocated() < before + TEXT_LENGTH); /* each of them would leave that much */
	assert_true(memory.used <= used);
	assert_true(decode(L, (char[]){"[1]"}, 3));
	lua_close(L);
	assert_int_equal(memory.used, 0);
	free(text);
}

static void SBX_09_the_memory_of_a_decode_is_counted(void **state)
{
	struct memory memory = {.limit = LIMIT, .failing = SIZE_MAX};
	struct pa_native_context context = {0};
	char *text = malloc(TEXT_LENGTH);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', TEXT_LENGTH);
	text[0] = text[TEXT_LENGTH - 1] = '"';
	lua_State *L = new_state(&memory, &context);
	assert_non_null(L);
	assert_true(decode(L, text, TEXT_LENGTH));
	lua_gc(L, LUA_GCCOLLECT, 0);
	/* The text, lua-cjson's copy of it and the value; without the last there is none. */
	memory.limit = memory.used + TEXT_LENGTH / 2 * 5;
	assert_false(decode(L, text, TEXT_LENGTH));
	memory.limit = memory.used + TEXT_LENGTH * 4;
	assert_true(decode(L, text, TEXT_LENGTH));
	lua_close(L);
	assert_int_equal(memory.used, 0);
	free(text);
}

static void SBX_09_no_failed_allocation_ends_the_process(void **state)
{
	static char text[] = "{\"a\": [1, 2.5, \"\\u00e9\\n\", {}, [], null, true], \"b\": {\"c\": 12345678901234567}}";
	bool fine = false;

	(void)state;
	for (size_t failing = 1; !fine; failing++) {
		struct memory memory = {.limit = LIMIT, .failing = failing};
		struct pa_native_context context = {0};
		lua_State *L = new_state(&memory, &context);
		if (L) {
			fine = decode(L, text, sizeof text - 1);
			memory.failing = SIZE_MAX;
			assert_true(decode(L, text, sizeof text - 1));
			lua_close(L);
		}
		assert_int_equal(memory.used, 0);
		assert_true(failing < 10000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SBX_09_a_decode_that_raises_leaves_nothing_behind),
		cmocka_unit_test(SBX_09_the_memory_of_a_decode_is_counted),
		cmocka_unit_test(SBX_09_no_failed_allocation_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
