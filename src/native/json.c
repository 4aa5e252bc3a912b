/* require "native.json". Decoding: json_scan checks strictly, lua-cjson decodes, and this file restores the values that
 * json_scan has marked. Encoding: json_write.c. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "native/json_memory.h"
#include "native/json_order.h"
#include "native/json_write.h"
#include "native/modules.h"
#include "native/native.h"

#include <lua-cjson.h> /* needs lua.h before it */

enum {
	TEXT_MAX = 8 << 20,  /* bytes */
	ENCODER_SIZE = 1024, /* bytes of the buffer of lua-cjson's encoder */
};

#define ARRAY "native.json.array"

/* Upvalues of the module's functions. */
enum { ARRAY_META = 1, CJSON_DECODE = 2 };

static bool is_array(lua_State *L, int index)
{
	if (!lua_getmetatable(L, index))
		return false;
	bool same = lua_rawequal(L, -1, lua_upvalueindex(ARRAY_META));
	lua_pop(L, 1);
	return same;
}

/* Whether the table of options at `index` has that one. */
static bool option(lua_State *L, int index, const char *name)
{
	if (lua_isnoneornil(L, index))
		return false;
	luaL_checktype(L, index, LUA_TTABLE);
	lua_getfield(L, index, name);
	bool given = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return given;
}

/* Decoding */

/* Replaces a marked string on top of the stack by the value it marks. */
static void unmark(lua_State *L, const char *text, size_t length)
{
	lua_pop(L, 1); /* the string stays alive: it is still in its table */
	if (text[1] == 'A') {
		lua_newtable(L);
		lua_pushvalue(L, lua_upvalueindex(ARRAY_META));
		lua_setmetatable(L, -2);
	} else if (text[1] == 'N' && strpbrk(text, ".eE")) {
		lua_pushnumber(L, strtod(text + 2, NULL));
	} else if (text[1] == 'N') {
		errno = 0;
		long long integer = strtoll(text + 2, NULL, 10);
		if (errno == 0)
			lua_pushinteger(L, integer);
		else
			lua_pushnumber(L, strtod(text + 2, NULL)); /* beyond 64 bits */
	} else {
		lua_pushlstring(L, text + 1, length - 1);
	}
}

static void restore(lua_State *L, bool ordered);

/* Restores the value on top, which is still in its container. True when it was replaced: it must be stored again. */
static bool restore_value(lua_State *L, bool ordered)
{
	size_t length;

	switch (lua_type(L, -1)) {
	case LUA_TTABLE:
		restore(L, ordered);
		return false;
	case LUA_TNUMBER: {
		lua_Number number = lua_tonumber(L, -1);
		if (number != floor(number)) /* a float; one without a fraction, like 1.0, is marked */
			return false;
		lua_pop(L, 1);
		lua_pushinteger(L, (lua_Integer)number);
		return true;
	}
	case LUA_TSTRING: {
		const char *text = lua_tolstring(L, -1, &length);
		if (length == 0 || text[0] != PA_JSON_MARK)
			return false;
		unmark(L, text, length);
		return true;
	}
	default:
		return false;
	}
}

/* Restores all values in the table on top, at every depth. */
static void restore(lua_State *L, bool ordered)
{
	int table = lua_gettop(L);
	lua_Integer length = (lua_Integer)lua_rawlen(L, table);

	luaL_checkstack(L, 6, "JSON nested too deep");
	if (length > 0) {
		for (lua_Integer i = 1; i <= length; i++) {
			lua_rawgeti(L, table, i);
			if (restore_value(L, ordered))
				lua_rawseti(L, table, i);
			lua_settop(L, table);
		}
		lua_pushvalue(L, lua_upvalueindex(ARRAY_META));
		lua_setmetatable(L, table);
		return;
	}
	lua_Integer names = ordered ? pa_json_order_take(L, table) : 0;
	for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1)) {
		names--;
		if (restore_value(L, ordered)) {
			lua_pushvalue(L, table + 1);
			lua_insert(L, -2);
			lua_rawset(L, table);
		}
	}
	if (names > 0)
		pa_json_order_drop_repeated(L, table);
}

struct decoding {
	struct pa_json_scan scan;
	struct pa_json_memory memory;
};

static void end_decoding(void *held)
{
	struct decoding *decoding = held;

	pa_json_memory_end(&decoding->memory);
	pa_json_scan_free(&decoding->scan);
}

static int fail_at(lua_State *L, const struct pa_json_scan *scan, const char *text)
{
	int line = 1;
	size_t begin = 0;

	for (size_t i = 0; i < scan->at; i++)
		if (text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	return pa_native_fail(
		L, scan->code, "bad JSON at line %d, column %zu: %s", line, scan->at - begin + 1, scan->message);
}

static int l_decode(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);

	bool ordered = option(L, 2, "order"), strict = option(L, 2, "strict");
	if (length > TEXT_MAX)
		return pa_native_fail(L, "too_large", "the JSON text has %zu bytes: at most 8 MiB are read", length);
	lua_settop(L, 1);
	struct decoding *decoding = pa_native_box(L, sizeof *decoding, end_decoding);
	struct pa_json_scan *scan = &decoding->scan;
	if (pa_json_scan(scan, text, length, (ordered ? PA_JSON_ORDERED : 0) | (strict ? PA_JSON_STRICT : 0)) < 0) {
		if (strcmp(scan->code, "memory") == 0)
			pa_native_no_memory(L);
		return fail_at(L, scan, text);
	}
	lua_createtable(L, 1, 0); /* a container for the decoded value, for restore_value */
	lua_pushvalue(L, lua_upvalueindex(CJSON_DECODE));
	if (scan->rewritten)
		lua_pushlstring(L, scan->text.at, scan->text.length);
	else
		lua_pushvalue(L, 1);
	pa_buffer_free(&scan->text);
	pa_json_memory_begin(&decoding->memory, L);
	decoding->memory.sizes = (struct pa_span){scan->sizes.at, scan->sizes.length};
	lua_call(L, 1, 1);
	pa_json_memory_end(&decoding->memory);
	pa_buffer_free(&scan->sizes);
	lua_pushvalue(L, -1);
	lua_rawseti(L, 3, 1);
	restore_value(L, ordered);
	return 1;
}

/* Encoding */

static int l_encode(lua_State *L)
{
	luaL_checkany(L, 1);
	bool javascript = option(L, 2, "javascript");
	lua_settop(L, 1);
	const char *problem = pa_json_write(L, lua_upvalueindex(ARRAY_META), javascript);
	if (problem)
		return pa_native_fail(L, "bad_value", "JSON cannot hold %s", problem);
	return 1;
}

static int l_array(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (lua_getmetatable(L, 1) && !is_array(L, 1)) /* it may be what makes the table read-only */
		return luaL_error(L, "json.array: the table has a metatable, which may not be replaced: copy it first");
	lua_settop(L, 1);
	lua_pushvalue(L, lua_upvalueindex(ARRAY_META));
	lua_setmetatable(L, 1);
	return 1;
}

static int l_is_array(lua_State *L)
{
	lua_pushboolean(L, lua_istable(L, 1) && is_array(L, 1));
	return 1;
}

/* Also after a raise: the finalizer of lua-cjson's userdata frees what it has. */
static void keep_memory(void *held)
{
	pa_json_memory_keep(held);
}

static void open_cjson(lua_State *L)
{
	struct pa_json_memory *memory = pa_native_box(L, sizeof *memory, keep_memory);

	pa_json_memory_begin(memory, L);
	pa_json_memory_reserve(memory, ENCODER_SIZE);
	lua_pushcfunction(L, luaopen_cjson);
	lua_call(L, 0, 1);
	pa_json_memory_keep(memory);
}

int pa_native_open_json(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"array", l_array},
		{"decode", l_decode},
		{"encode", l_encode},
		{"is_array", l_is_array},
		{NULL, NULL},
	};

	open_cjson(L);
	int cjson = lua_gettop(L);
	luaL_newlibtable(L, functions);
	luaL_newmetatable(L, ARRAY);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_getfield(L, cjson, "decode_max_depth");
	lua_pushinteger(L, PA_JSON_DEPTH_MAX + 1);
	lua_call(L, 1, 0);
	lua_getfield(L, cjson, "decode");
	luaL_setfuncs(L, functions, 2);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	return 1;
}
