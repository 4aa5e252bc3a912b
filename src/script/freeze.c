/* A view is an empty table: its metatable reads from the original table, and raises for writes. */
#include "script/freeze.h"

#include <lauxlib.h>
#include <stdbool.h>

static int l_read_only(lua_State *L)
{
	return luaL_error(
		L, "cannot set '%s': this table is read-only, and a variable needs `local`", luaL_tolstring(L, 2, NULL));
}

void pa_freeze(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 4);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, l_read_only);
	lua_setfield(L, -2, "__newindex");
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
