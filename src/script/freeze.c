/* A view is an empty table: its metatable reads from the original table, and raises for writes. */
#include "script/freeze.h"

#include <lauxlib.h>
#include <stdbool.h>

static int l_read_only(lua_State *L)
{
	return luaL_error(
		L, "cannot set '%s': this table is read-only, and a variable needs `local`", luaL_tolstring(L, 2, NULL));
}

/* The original is the __index of a view. */
static int l_length(lua_State *L)
{
	luaL_getmetafield(L, 1, "__index");
	lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
	return 1;
}

static int l_next(lua_State *L)
{
	lua_settop(L, 2);
	return lua_next(L, lua_upvalueindex(1)) ? 2 : 0;
}

static int l_pairs(lua_State *L)
{
	luaL_getmetafield(L, 1, "__index");
	lua_pushcclosure(L, l_next, 1);
	lua_pushvalue(L, 1);
	lua_pushnil(L);
	return 3;
}

void pa_freeze(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"__newindex", l_read_only}, {"__len", l_length}, {"__pairs", l_pairs}, {NULL, NULL}};

	luaL_checkstack(L, 4, "tables nested too deep");
	lua_newtable(L);
	lua_createtable(L, 0, 6);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	luaL_setfuncs(L, functions, 0);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pushboolean(L, 1);
	lua_setfield(L, -2, "__frozen");
	lua_setmetatable(L, -2);
	lua_remove(L, -2);
}

static bool is_frozen(lua_State *L, int index)
{
	if (luaL_getmetafield(L, index, "__frozen") == LUA_TNIL)
		return false;
	lua_pop(L, 1);
	return true;
}

static bool has_table(lua_State *L)
{
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
		if (lua_istable(L, -1) && !is_frozen(L, -1)) {
			lua_pop(L, 2);
			return true;
		}
	return false;
}

static void freeze_all(lua_State *L, int known);

/* Copies the fields of the table at `original`; a table among them becomes its view. */
static void copy_fields(lua_State *L, int original, int copy, int known)
{
	lua_pushnil(L);
	while (lua_next(L, original)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		if (lua_istable(L, -1) && !is_frozen(L, -1))
			freeze_all(L, known);
		lua_rawset(L, copy);
	}
	if (lua_getmetatable(L, original))
		lua_setmetatable(L, copy);
}

/* Replaces the table on top by its view. `known` has the views that were made already, for tables may form a circle. */
static void freeze_all(lua_State *L, int known)
{
	int original = lua_gettop(L);

	luaL_checkstack(L, 10, "tables nested too deep");
	lua_pushvalue(L, original);
	if (lua_rawget(L, known) == LUA_TTABLE) {
		lua_replace(L, original);
		return;
	}
	lua_pop(L, 1);
	lua_pushvalue(L, original);
	bool copies = has_table(L);
	if (copies) {
		lua_newtable(L);
		lua_replace(L, -2);
	}
	lua_pushvalue(L, -1);
	pa_freeze(L);
	lua_pushvalue(L, original);
	lua_pushvalue(L, -2);
	lua_rawset(L, known);
	if (copies)
		copy_fields(L, original, original + 1, known);
	lua_replace(L, original);
	lua_settop(L, original);
}

void pa_freeze_deep(lua_State *L)
{
	lua_newtable(L);
	lua_insert(L, -2);
	freeze_all(L, lua_gettop(L) - 1);
	lua_remove(L, -2);
}

int pa_freeze_rawset(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkany(L, 3);
	if (is_frozen(L, 1))
		return l_read_only(L);
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 1;
}
