/* Reads parameters from the stack and makes tables of rows. */
#include "native/rows.h"

#include <lauxlib.h>

#include "store/db.h"

#define BLOB "native.db.blob"

void pa_rows_prepare(lua_State *L)
{
	luaL_newmetatable(L, BLOB);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

int pa_rows_blob(lua_State *L)
{
	luaL_checkstring(L, 1);
	lua_newuserdatauv(L, 0, 1);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, BLOB);
	return 1;
}

/* The parameter at `index`; its bytes belong to the Lua value. Raises for a type that cannot be stored. */
static struct pa_value value_at(lua_State *L, int index)
{
	struct pa_value value = {.kind = PA_VALUE_NULL};

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		return value;
	case LUA_TBOOLEAN:
		return (struct pa_value){.kind = PA_VALUE_INTEGER, .integer = lua_toboolean(L, index)};
	case LUA_TNUMBER:
		if (lua_isinteger(L, index))
			return (struct pa_value){.kind = PA_VALUE_INTEGER, .integer = lua_tointeger(L, index)};
		return (struct pa_value){.kind = PA_VALUE_NUMBER, .number = lua_tonumber(L, index)};
	case LUA_TSTRING:
		value.kind = PA_VALUE_TEXT;
		value.bytes.at = lua_tolstring(L, index, &value.bytes.length);
		return value;
	default:
		luaL_checkudata(L, index, BLOB);
		lua_getiuservalue(L, index, 1);
		value.kind = PA_VALUE_BYTES;
		value.bytes.at = lua_tolstring(L, -1, &value.bytes.length);
		lua_pop(L, 1);
		return value;
	}
}

void pa_rows_bind(lua_State *L, struct pa_statement *statement, int last)
{
	int wanted = pa_statement_parameters(statement);

	if (wanted != last - 1)
		luaL_error(L, "the statement has %d `?`, but %d values were given", wanted, last - 1);
	for (int i = 2; i <= last; i++) {
		const struct pa_value value = value_at(L, i);
		if (pa_statement_bind(statement, i - 1, &value) < 0)
			luaL_error(L, "a value is too large to store");
	}
}

void pa_rows_push(lua_State *L, struct pa_statement *statement)
{
	int columns = pa_statement_columns(statement);

	lua_createtable(L, 0, columns);
	for (int i = 0; i < columns; i++) {
		struct pa_value value = pa_statement_column(statement, i);
		switch (value.kind) {
		case PA_VALUE_NULL:
			continue;
		case PA_VALUE_INTEGER:
			lua_pushinteger(L, value.integer);
			break;
		case PA_VALUE_NUMBER:
			lua_pushnumber(L, value.number);
			break;
		case PA_VALUE_TEXT:
		case PA_VALUE_BYTES:
			lua_pushlstring(L, value.bytes.at ? value.bytes.at : "", value.bytes.length);
			break;
		}
		lua_setfield(L, -2, pa_statement_column_name(statement, i));
	}
}
