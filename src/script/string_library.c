/* Guards in front of find, match, gmatch, gsub and rep. */
#include "script/string_library.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "script/budget.h"
#include "script/garbage.h"
#include "script/pattern.h"

/* Calls Lua's own function, which is the first upvalue, with all arguments. */
static int call_original(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static void check_pattern(lua_State *L, bool anchors)
{
	size_t subject_length, pattern_length;

	luaL_checklstring(L, 1, &subject_length);
	const char *pattern = luaL_checklstring(L, 2, &pattern_length);
	if (pa_pattern_is_costly(pattern, pattern_length, subject_length, anchors))
		luaL_error(L,
			"pattern '%s' may take too long on %d bytes: anchor it with ^, use fewer repetitions, or match a shorter "
			"string",
			pattern, (int)subject_length);
}

static int l_match(lua_State *L)
{
	check_pattern(L, true);
	return call_original(L);
}

static int l_gmatch(lua_State *L)
{
	check_pattern(L, false);
	return call_original(L);
}

static bool has_specials(const char *pattern, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (pattern[i] != '\0' && strchr("^$*+?.([%-", pattern[i]))
			return true;
	return false;
}

/* The index from 0 where a search begins, as string.find reads its third argument; more than `length` is outside. */
static size_t search_start(lua_Integer init, size_t length)
{
	if (init > 0)
		return (lua_Unsigned)init - 1 > length ? length + 1 : (size_t)init - 1;
	lua_Unsigned back = 0 - (lua_Unsigned)init; /* the smallest integer has no positive one */
	return init == 0 || back > length ? 0 : length - (size_t)back;
}

/* Lua's own search compares at each place where the first byte is found, and takes time in the product of both lengths.
 */
static int l_find(lua_State *L)
{
	size_t subject_length, length;
	const char *subject = luaL_checklstring(L, 1, &subject_length);
	const char *wanted = luaL_checklstring(L, 2, &length);

	if (!lua_toboolean(L, 4) && has_specials(wanted, length)) {
		check_pattern(L, true);
		return call_original(L);
	}
	size_t start = search_start(luaL_optinteger(L, 3, 1), subject_length);
	const char *found = start > subject_length ? NULL : memmem(subject + start, subject_length - start, wanted, length);
	if (!found) {
		luaL_pushfail(L);
		return 1;
	}
	lua_Integer before = found - subject;
	lua_pushinteger(L, before + 1);
	lua_pushinteger(L, before + (lua_Integer)length);
	return 2;
}

/* Stands in front of a replacement that is not a string: gsub calls it in a loop, and it may be a function in C. */
static int l_replacement(lua_State *L)
{
	pa_budget_check(L);
	lua_pushvalue(L, lua_upvalueindex(1));
	if (lua_istable(L, -1)) {
		lua_pushvalue(L, 1);
		lua_gettable(L, -2);
		return 1;
	}
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

static int l_gsub(lua_State *L)
{
	int count = lua_gettop(L);

	check_pattern(L, true);
	pa_garbage_make_room(L, 2 * lua_rawlen(L, 1));
	if (lua_iscfunction(L, 3) || (lua_istable(L, 3) && luaL_getmetafield(L, 3, "__index") != LUA_TNIL)) {
		lua_settop(L, count);
		lua_pushvalue(L, 3);
		lua_pushcclosure(L, l_replacement, 1);
		lua_replace(L, 3);
	}
	return call_original(L);
}

/* Lua's own loops over `n` even when nothing is repeated. */
static int l_rep(lua_State *L)
{
	size_t length, separator_length = 0;

	luaL_checklstring(L, 1, &length);
	luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &separator_length);
	if (length + separator_length > 0) {
		lua_Integer count = lua_tointeger(L, 2);
		if (count > 0 && (size_t)count < SIZE_MAX / 2 / (length + separator_length))
			pa_garbage_make_room(L, 2 * (size_t)count * (length + separator_length)); /* the buffer, and the string */
		return call_original(L);
	}
	lua_pushliteral(L, "");
	return 1;
}

void pa_string_library_push(lua_State *L)
{
	static const luaL_Reg guards[] = {
		{"find", l_find}, {"gmatch", l_gmatch}, {"gsub", l_gsub}, {"match", l_match}, {"rep", l_rep}, {NULL, NULL}};

	lua_pushcfunction(L, luaopen_string);
	lua_call(L, 0, 1);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	for (const luaL_Reg *guard = guards; guard->name; guard++) {
		lua_getfield(L, -1, guard->name);
		lua_pushcclosure(L, guard->func, 1);
		lua_setfield(L, -2, guard->name);
	}
	/* luaopen_string made this table the __index of all strings; hide their metatable from scripts. */
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}
