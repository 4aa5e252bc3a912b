/* Moves the list of names that base/json_scan has added to each object. */
#include "native/json_order.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json_scan.h"

enum { INDEX_DIGITS = 10 };

/* Whether a name is an array index as JavaScript writes it: 0 to 2^32 - 2, without zeros in front. */
static bool is_index(const char *name, size_t length, uint32_t *index)
{
	uint64_t value = 0;

	if (length == 0 || length > INDEX_DIGITS || (name[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	*index = (uint32_t)value;
	return value < UINT32_MAX;
}

/* A name that begins with two marks began with one: renames the member of the object, and the name in the list. The
 * members go by way of a table of their own, for the new name of one may be the old name of another. */
static void remove_marks(lua_State *L, int object, int order, lua_Integer count)
{
	bool marked = false;

	for (lua_Integer i = 1; i <= count; i++) {
		size_t length;
		lua_rawgeti(L, order, i);
		const char *name = lua_tolstring(L, -1, &length);
		if (length > 1 && name[0] == PA_JSON_MARK) {
			if (!marked) {
				lua_newtable(L);
				lua_insert(L, order + 1);
			}
			marked = true;
			lua_pushlstring(L, name + 1, length - 1);
			lua_pushvalue(L, -1);
			lua_rawseti(L, order, i);
			lua_pushvalue(L, -2);
			if (lua_rawget(L, object) != LUA_TNIL) { /* nil is a name that was there before */
				lua_rawset(L, order + 1);
				lua_pushnil(L);
				lua_rawset(L, object);
			}
		}
		lua_settop(L, order + marked);
	}
	if (!marked)
		return;
	for (lua_pushnil(L); lua_next(L, order + 1); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, object);
	}
	lua_settop(L, order);
}

static int compare_indexes(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

/* Replaces the list on top by one in which array indexes come first. */
static void put_indexes_first(lua_State *L, int order, lua_Integer count)
{
	uint32_t index;
	size_t length, found = 0;
	lua_Integer last = 0;

	uint32_t *indexes = lua_newuserdatauv(L, (size_t)count * sizeof *indexes, 0);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, order, i);
		const char *name = lua_tolstring(L, -1, &length);
		if (is_index(name, length, &index))
			indexes[found++] = index;
		lua_pop(L, 1);
	}
	if (found > 0) {
		qsort(indexes, found, sizeof *indexes, compare_indexes);
		lua_createtable(L, (int)count, 0);
		for (size_t i = 0; i < found; i++) {
			lua_pushfstring(L, "%I", (LUAI_UACINT)indexes[i]);
			lua_rawseti(L, -2, ++last);
		}
		for (lua_Integer i = 1; i <= count; i++) {
			lua_rawgeti(L, order, i);
			const char *name = lua_tolstring(L, -1, &length);
			if (is_index(name, length, &index))
				lua_pop(L, 1);
			else
				lua_rawseti(L, -2, ++last);
		}
		lua_replace(L, order);
	}
	lua_settop(L, order);
}

lua_Integer pa_json_order_take(lua_State *L, int object)
{
	lua_Integer count = 0;

	luaL_checkstack(L, 8, "JSON nested too deep");
	if (lua_getfield(L, object, PA_JSON_KEYS) == LUA_TTABLE) {
		int order = lua_gettop(L);
		count = (lua_Integer)lua_rawlen(L, order);
		lua_pushnil(L);
		lua_setfield(L, object, PA_JSON_KEYS);
		remove_marks(L, object, order, count);
		put_indexes_first(L, order, count);
	} else { /* an empty object */
		lua_pop(L, 1);
		lua_newtable(L);
	}
	lua_createtable(L, 0, 1);
	lua_insert(L, -2);
	lua_setfield(L, -2, "__order");
	lua_setmetatable(L, object);
	return count;
}

void pa_json_order_drop_repeated(lua_State *L, int object)
{
	int top = lua_gettop(L), order = top + 2, seen = top + 3, names = top + 4;
	lua_Integer last = 0;

	luaL_checkstack(L, 8, "JSON nested too deep");
	lua_getmetatable(L, object);
	lua_getfield(L, top + 1, "__order");
	lua_Integer count = (lua_Integer)lua_rawlen(L, order);
	lua_newtable(L);
	lua_newtable(L);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, order, i);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, seen) == LUA_TNIL) {
			lua_pushvalue(L, names + 1);
			lua_pushboolean(L, 1);
			lua_rawset(L, seen);
			lua_pushvalue(L, names + 1);
			lua_rawseti(L, names, ++last);
		}
		lua_settop(L, names);
	}
	lua_setfield(L, top + 1, "__order");
	lua_settop(L, top);
}
