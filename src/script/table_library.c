/* insert, remove, move, concat, unpack and sort (Lua 5.4 manual, 6.6). */
#include "script/table_library.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdbool.h>

#include "script/budget.h"
#include "script/garbage.h"

/* Raises unless the argument is a table, or a value whose metatable has that metamethod. */
static void check_table(lua_State *L, int index, const char *metamethod)
{
	if (lua_istable(L, index))
		return;
	if (luaL_getmetafield(L, index, metamethod) == LUA_TNIL)
		luaL_checktype(L, index, LUA_TTABLE);
	lua_pop(L, 1);
}

/* t[to] = t[from], where the tables are at the indices `into` and `source`. */
static void copy(lua_State *L, int source, lua_Integer from, int into, lua_Integer to)
{
	pa_budget_check(L);
	lua_geti(L, source, from);
	lua_seti(L, into, to);
}

static lua_Integer length_of(lua_State *L)
{
	check_table(L, 1, "__len");
	return luaL_len(L, 1);
}

/* The number after `number`, as Lua adds: the largest one is followed by the smallest. */
static lua_Integer after(lua_Integer number)
{
	return (lua_Integer)((lua_Unsigned)number + 1);
}

static int l_insert(lua_State *L)
{
	lua_Integer end = after(length_of(L)), at = end;

	switch (lua_gettop(L)) {
	case 2:
		break;
	case 3:
		at = luaL_checkinteger(L, 2);
		luaL_argcheck(L, (lua_Unsigned)at - 1 < (lua_Unsigned)end, 2, "position out of bounds");
		for (lua_Integer i = end; i > at; i--)
			copy(L, 1, i - 1, 1, i);
		break;
	default:
		return luaL_error(L, "wrong number of arguments to 'insert'");
	}
	lua_seti(L, 1, at);
	return 0;
}

static int l_remove(lua_State *L)
{
	lua_Integer length = length_of(L), at = luaL_optinteger(L, 2, length);

	if (at != length) /* also 0 is a position of an empty table */
		luaL_argcheck(L, (lua_Unsigned)at - 1 <= (lua_Unsigned)length, 2, "position out of bounds");
	lua_geti(L, 1, at);
	for (; at < length; at++)
		copy(L, 1, at + 1, 1, at);
	lua_pushnil(L);
	lua_seti(L, 1, at);
	return 1;
}

static int l_move(lua_State *L)
{
	lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
	int into = lua_isnoneornil(L, 5) ? 1 : 5;

	check_table(L, 1, "__index");
	check_table(L, into, "__newindex");
	lua_settop(L, 5);
	if (last >= first) {
		luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
		lua_Integer count = last - first + 1;
		luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
		bool overlap = to > first && to <= last && (into == 1 || lua_compare(L, 1, into, LUA_OPEQ));
		for (lua_Integer i = 0; i < count; i++)
			copy(L, 1, overlap ? last - i : first + i, into, overlap ? to + count - 1 - i : to + i);
	}
	lua_pushvalue(L, into);
	return 1;
}

static void add_element(lua_State *L, luaL_Buffer *text, lua_Integer i)
{
	pa_budget_check(L);
	if (lua_geti(L, 1, i) != LUA_TSTRING && !lua_isnumber(L, -1))
		luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1), (LUAI_UACINT)i);
	if (text->size - text->n < lua_rawlen(L, -1)) /* it will grow */
		pa_garbage_make_room(L, 2 * (text->size + lua_rawlen(L, -1)));
	luaL_addvalue(text);
}

static int l_concat(lua_State *L)
{
	lua_Integer length = length_of(L), i = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, length);
	size_t separator_length;
	const char *separator = luaL_optlstring(L, 2, "", &separator_length);
	luaL_Buffer text;

	luaL_buffinit(L, &text);
	for (; i <= last; i++) {
		add_element(L, &text, i);
		if (i == last) /* the largest integer has no next one */
			break;
		luaL_addlstring(&text, separator, separator_length);
	}
	luaL_pushresult(&text);
	return 1;
}

static int l_unpack(lua_State *L)
{
	lua_Integer first = luaL_optinteger(L, 2, 1);
	lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);

	if (first > last)
		return 0;
	lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
	if (count >= INT_MAX || !lua_checkstack(L, (int)++count))
		return luaL_error(L, "too many results to unpack");
	for (lua_Unsigned i = 0; i < count; i++) {
		pa_budget_check(L);
		lua_geti(L, 1, first + (lua_Integer)i);
	}
	return (int)count;
}

/* Sorting: Lua's own, with a comparison that checks the budget when the others might run for long */

enum { SHORT_MAX = 64 }; /* bytes of a string that is compared quickly, however often */

/* Whether all elements are numbers or short strings. Sorting them is bounded by the memory of the VM. */
static bool compares_quickly(lua_State *L)
{
	size_t count = lua_rawlen(L, 1), length = 0;

	if (!lua_istable(L, 1) || luaL_getmetafield(L, 1, "__index") || luaL_getmetafield(L, 1, "__len"))
		return false;
	for (size_t i = 1; i <= count; i++) {
		int type = lua_rawgeti(L, 1, (lua_Integer)i);
		if (type == LUA_TSTRING)
			lua_tolstring(L, -1, &length);
		lua_pop(L, 1);
		if (type != LUA_TNUMBER && (type != LUA_TSTRING || length > SHORT_MAX))
			return false;
	}
	return true;
}

static int l_is_less(lua_State *L)
{
	pa_budget_check(L);
	lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
	return 1;
}

static int l_compare(lua_State *L)
{
	pa_budget_check(L);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 2, 1);
	return 1;
}

static int l_sort(lua_State *L)
{
	check_table(L, 1, "__len");
	lua_settop(L, 2);
	if (lua_isnil(L, 2)) {
		bool quick = compares_quickly(L);
		lua_settop(L, 1);
		if (!quick)
			lua_pushcfunction(L, l_is_less);
	} else if (lua_iscfunction(L, 2)) {
		lua_pushcclosure(L, l_compare, 1);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 0);
	return 0;
}

void pa_table_library_push(lua_State *L)
{
	static const luaL_Reg own[] = {{"concat", l_concat}, {"insert", l_insert}, {"move", l_move}, {"remove", l_remove},
		{"unpack", l_unpack}, {NULL, NULL}};

	lua_pushcfunction(L, luaopen_table);
	lua_call(L, 0, 1);
	luaL_setfuncs(L, own, 0);
	lua_getfield(L, -1, "sort");
	lua_pushcclosure(L, l_sort, 1);
	lua_setfield(L, -2, "sort");
}
