/* Copies a response table into C memory. */
#include "native/response.h"

#include <lauxlib.h>
#include <string.h>

#include "base/error.h"
#include "native/native.h"

static void add_header(lua_State *L, struct pa_response *response, int name_index, int value_index)
{
	struct pa_error error;
	struct pa_span name, value;

	if (lua_type(L, name_index) != LUA_TSTRING || !lua_isstring(L, value_index))
		luaL_error(L, "a response header must be a name and a string, or a list of strings");
	name.at = lua_tolstring(L, name_index, &name.length);
	value.at = lua_tolstring(L, value_index, &value.length);
	if (pa_response_header(response, name, value, &error) == 0)
		return;
	if (strcmp(error.code, "memory") == 0)
		pa_native_no_memory(L);
	luaL_error(L, "%s", error.text);
}

static void copy_headers(lua_State *L, int headers, struct pa_response *response)
{
	lua_pushnil(L);
	while (lua_next(L, headers)) {
		int value = lua_gettop(L);
		if (!lua_istable(L, value)) {
			add_header(L, response, value - 1, value);
		} else {
			for (lua_Integer i = 1; lua_rawgeti(L, value, i) != LUA_TNIL; i++, lua_settop(L, value))
				add_header(L, response, value - 1, value + 1);
		}
		lua_settop(L, value - 1);
	}
}

/* The sandbox's `fault` field: a fault to put into the response on purpose. */
static enum pa_response_fault read_fault(lua_State *L, int table)
{
	static const char *const names[] = {
		[PA_FAULT_DRIP] = "drip",
		[PA_FAULT_RESET] = "reset",
		[PA_FAULT_TRUNCATE] = "truncate",
		[PA_FAULT_WRONG_LENGTH] = "wrong_length",
	};

	if (lua_getfield(L, table, "fault") == LUA_TNIL)
		return PA_FAULT_NONE;
	for (enum pa_response_fault fault = PA_FAULT_DRIP; lua_isstring(L, -1) && fault <= PA_FAULT_WRONG_LENGTH; fault++)
		if (strcmp(lua_tostring(L, -1), names[fault]) == 0)
			return fault;
	luaL_error(L, "a response's fault must be drip, reset, truncate or wrong_length");
	return PA_FAULT_NONE;
}

void pa_native_response_read(lua_State *L, struct pa_response *response)
{
	int table = lua_gettop(L), is_integer;
	size_t length;

	if (!lua_istable(L, table))
		luaL_error(L, "a response must be a table, not a %s", luaL_typename(L, table));
	lua_getfield(L, table, "status");
	response->status = (int)lua_tointegerx(L, -1, &is_integer);
	if (!is_integer || response->status < 200 || response->status > 599)
		luaL_error(L, "a response's status must be an integer from 200 to 599, not %s", luaL_tolstring(L, -1, NULL));
	if (lua_getfield(L, table, "headers") == LUA_TTABLE)
		copy_headers(L, lua_gettop(L), response);
	else if (!lua_isnil(L, -1))
		luaL_error(L, "a response's headers must be a table");
	response->fault = read_fault(L, table);
	lua_getfield(L, table, "body");
	if (lua_isnil(L, -1))
		return;
	if (!lua_isstring(L, -1))
		luaL_error(L, "a response's body must be a string, not a %s", luaL_typename(L, -1));
	const char *body = lua_tolstring(L, -1, &length);
	if (pa_response_body(response, body, length) < 0)
		pa_native_no_memory(L);
}
