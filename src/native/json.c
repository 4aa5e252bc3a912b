/* lua-cjson, with what it lets through caught before and what it gets wrong mended after. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../gate.h"
#include "json_scan.h"
#include "native.h"

#include <lua-cjson.h> /* needs lua.h before it */

enum { TEXT_MAX = 8 << 20 };

#define ARRAY "native.json.array"

/* Upvalues of encode and decode. */
enum { CJSON_FUNCTION = 1, ARRAY_META = 2 };

static bool is_array(lua_State *L, int index)
{
	if (!lua_getmetatable(L, index))
		return false;
	bool same = lua_rawequal(L, -1, lua_upvalueindex(ARRAY_META));
	lua_pop(L, 1);
	return same;
}

/* Decoding */

/* The value that a marked string stands for, in its place on the stack. */
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
		lua_pushinteger(L, strtoll(text + 2, NULL, 10));
	} else {
		lua_pushlstring(L, text + 1, length - 1);
	}
}

static size_t mend(lua_State *L);

/* Mends the value on top, which its container still holds. True when it has to be stored again. */
static bool mend_value(lua_State *L, size_t *members)
{
	size_t length;

	switch (lua_type(L, -1)) {
	case LUA_TTABLE:
		*members += mend(L);
		return false;
	case LUA_TNUMBER: {
		lua_Number number = lua_tonumber(L, -1);
		if (number != floor(number)) /* a float that looks like an integer was marked by the scanner */
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

/* Mends the table on top and all below it; how many object members that are. */
static size_t mend(lua_State *L)
{
	int table = lua_gettop(L);
	lua_Integer length = (lua_Integer)lua_rawlen(L, table);
	size_t members = 0;

	luaL_checkstack(L, 6, "JSON nested too deep");
	if (length > 0) {
		for (lua_Integer i = 1; i <= length; i++) {
			lua_rawgeti(L, table, i);
			if (mend_value(L, &members))
				lua_rawseti(L, table, i);
			lua_settop(L, table);
		}
		lua_pushvalue(L, lua_upvalueindex(ARRAY_META));
		lua_setmetatable(L, table);
		return members;
	}
	for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1)) {
		members++;
		if (mend_value(L, &members)) {
			lua_pushvalue(L, table + 1);
			lua_insert(L, -2);
			lua_rawset(L, table);
		}
	}
	return members;
}

static void free_scan(void *scan)
{
	pa_buffer_free(&((struct pa_json_scan *)scan)->text);
	free(scan);
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
	size_t length, members = 0;
	const char *text = luaL_checklstring(L, 1, &length);

	if (length > TEXT_MAX)
		return pa_native_fail(L, "too_large", "a JSON text of %zu bytes: at most 8 MiB are read", length);
	lua_settop(L, 1);
	void **box = pa_native_box(L, free_scan);
	struct pa_json_scan *scan = *box = calloc(1, sizeof *scan);
	if (!scan)
		return luaL_error(L, "not enough memory");
	if (pa_json_scan(scan, text, length) < 0)
		return fail_at(L, scan, text);
	lua_newtable(L); /* holds the value, so that one at the top is mended like any other */
	lua_pushvalue(L, lua_upvalueindex(CJSON_FUNCTION));
	if (scan->rewritten)
		lua_pushlstring(L, scan->text.at, scan->text.length);
	else
		lua_pushvalue(L, 1);
	lua_call(L, 1, 1);
	lua_pushvalue(L, -1);
	lua_rawseti(L, 3, 1);
	mend_value(L, &members);
	if (members != scan->members)
		return pa_native_fail(L, "bad_json", "bad JSON: an object has the same key twice");
	return 1;
}

/* Encoding */

struct survey {
	const char *problem; /* NULL: it can be written */
	bool special;        /* something in it has to be marked */
};

static const lua_Integer DIGITS14 = 100000000000000; /* 10^14: cjson writes 14 digits */

/* The shortest of the forms that read back as the same double, always with a sign that it is no integer. */
static int write_number(char *out, size_t size, lua_Number number)
{
	int length = 0;

	for (int digits = 15; digits <= 17; digits++) {
		length = snprintf(out, size, "%.*g", digits, number);
		if (strtod(out, NULL) == number)
			break;
	}
	return strpbrk(out, ".eE") ? length : snprintf(out, size, "%.1f", number);
}

static void survey_string(lua_State *L, int index, struct survey *survey)
{
	size_t length;
	const char *text = lua_tolstring(L, index, &length);

	if (!pa_gate_utf8((struct pa_span){text, length}))
		survey->problem = "a string that is not UTF-8";
	if (length > 0 && text[0] == PA_JSON_MARK)
		survey->special = true;
}

static void survey_value(lua_State *L, struct survey *survey, int depth);

static void survey_array(lua_State *L, int table, lua_Integer length, struct survey *survey, int depth)
{
	for (lua_Integer i = 1; i <= length && !survey->problem; i++) {
		lua_rawgeti(L, table, i);
		if (lua_isnil(L, -1))
			survey->problem = "an array with holes";
		else
			survey_value(L, survey, depth);
		lua_settop(L, table);
	}
}

static void survey_table(lua_State *L, struct survey *survey, int depth)
{
	int table = lua_gettop(L);
	bool marked = is_array(L, table);
	lua_Integer length = (lua_Integer)lua_rawlen(L, table), entries = 0;

	luaL_checkstack(L, 6, "value nested too deep");
	if (depth > PA_JSON_DEPTH_MAX) {
		survey->problem = "a value nested deeper than 64 (or one that holds itself)";
		return;
	}
	for (lua_pushnil(L); lua_next(L, table) && !survey->problem; lua_settop(L, table + 1)) {
		entries++;
		bool key_is_text = lua_type(L, table + 1) == LUA_TSTRING;
		if (key_is_text && (marked || length > 0))
			survey->problem = "a table that is both a list and an object";
		else if (!key_is_text && !lua_isinteger(L, table + 1))
			survey->problem = "a key that is neither a text nor an integer";
		else if (!key_is_text && length == 0)
			survey->problem = "an array with holes";
		else if (key_is_text) {
			survey_string(L, table + 1, survey);
			if (!survey->problem)
				survey_value(L, survey, depth);
		}
	}
	lua_settop(L, table);
	if (survey->problem)
		return;
	if (length > 0 && entries != length)
		survey->problem = "an array with holes";
	else if (length > 0)
		survey_array(L, table, length, survey, depth);
	else if (marked)
		survey->special = true;
}

/* Looks at the value on top. */
static void survey_value(lua_State *L, struct survey *survey, int depth)
{
	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		survey_string(L, -1, survey);
		break;
	case LUA_TNUMBER:
		if (!lua_isinteger(L, -1)) {
			if (!isfinite(lua_tonumber(L, -1)))
				survey->problem = "a number that is not finite";
			survey->special = true;
		} else if (lua_tointeger(L, -1) >= DIGITS14 || lua_tointeger(L, -1) <= -DIGITS14) {
			survey->special = true;
		}
		break;
	case LUA_TTABLE:
		survey_table(L, survey, depth + 1);
		break;
	case LUA_TBOOLEAN:
		break;
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, -1) != NULL)
			survey->problem = "a userdata";
		break;
	default:
		survey->problem = "a value that is no text, number, boolean, table or json.null";
	}
}

/* Replaces the string on top by one with another mark in front. */
static void mark_string(lua_State *L)
{
	size_t length;
	const char *text = lua_tolstring(L, -1, &length);

	if (length == 0 || text[0] != PA_JSON_MARK)
		return;
	lua_pushlstring(L, text, 1);
	lua_insert(L, -2);
	lua_concat(L, 2);
}

/* Replaces the value on top by a copy in which what cjson would get wrong is marked. */
static void mark_value(lua_State *L)
{
	char literal[64] = {PA_JSON_MARK, 'N'};

	if (lua_type(L, -1) == LUA_TSTRING) {
		mark_string(L);
	} else if (lua_type(L, -1) == LUA_TNUMBER) {
		int length = lua_isinteger(L, -1)
						 ? snprintf(literal + 2, sizeof literal - 2, LUA_INTEGER_FMT, lua_tointeger(L, -1))
						 : write_number(literal + 2, sizeof literal - 2, lua_tonumber(L, -1));
		lua_pop(L, 1);
		lua_pushlstring(L, literal, (size_t)length + 2);
	} else if (lua_type(L, -1) == LUA_TTABLE) {
		int table = lua_gettop(L);
		luaL_checkstack(L, 8, "value nested too deep");
		if (is_array(L, table) && lua_rawlen(L, table) == 0) {
			lua_pop(L, 1);
			lua_pushliteral(L, "\x7f"
							   "A");
			return;
		}
		lua_newtable(L);
		for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 2)) {
			lua_pushvalue(L, table + 2);
			if (lua_type(L, -1) == LUA_TSTRING)
				mark_string(L);
			lua_insert(L, -2);
			mark_value(L);
			lua_rawset(L, table + 1);
		}
		lua_remove(L, table);
	}
}

/* At the opening quote of a string that begins with a mark, as cjson writes it. Writes what it stands for and goes
 * behind it; a doubled mark is written once and its string goes on: then true. */
static bool write_marked(luaL_Buffer *out, const char **at, const char *end)
{
	const char *behind = *at + 7; /* "\u007f */

	if (*behind == 'A') {
		luaL_addlstring(out, "[]", 2);
		*at = behind + 2;
		return false;
	}
	if (*behind == 'N') {
		const char *close = memchr(behind, '"', (size_t)(end - behind));
		luaL_addlstring(out, behind + 1, (size_t)(close - behind - 1));
		*at = close + 1;
		return false;
	}
	luaL_addchar(out, '"');
	*at = behind;
	return true;
}

/* cjson's text on top: its \/ become /, marked strings what they stand for. */
static void unescape(lua_State *L)
{
	size_t length;
	const char *text = lua_tolstring(L, -1, &length), *at = text, *end = text + length;
	bool inside = false;
	luaL_Buffer out;

	if (!memchr(text, '\\', length))
		return;
	luaL_buffinitsize(L, &out, length);
	while (at < end) {
		if (inside && *at == '\\') {
			if (at[1] != '/')
				luaL_addchar(&out, '\\');
			luaL_addchar(&out, at[1]);
			at += 2;
		} else if (!inside && *at == '"' && end - at > 8 && memcmp(at + 1, "\\u007f", 6) == 0) {
			inside = write_marked(&out, &at, end);
		} else {
			inside ^= *at == '"';
			luaL_addchar(&out, *at++);
		}
	}
	luaL_pushresult(&out);
	lua_remove(L, -2);
}

static int l_encode(lua_State *L)
{
	struct survey survey = {0};

	luaL_checkany(L, 1);
	lua_settop(L, 1);
	survey_value(L, &survey, 0);
	if (survey.problem)
		return pa_native_fail(L, "bad_value", "JSON cannot hold %s", survey.problem);
	if (survey.special)
		mark_value(L);
	lua_pushvalue(L, lua_upvalueindex(CJSON_FUNCTION));
	lua_insert(L, -2);
	lua_call(L, 1, 1);
	unescape(L);
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
	lua_pushvalue(L, lua_upvalueindex(ARRAY_META));
	lua_setmetatable(L, 1);
	return 1;
}

static int l_is_array(lua_State *L)
{
	lua_pushboolean(L, lua_istable(L, 1) && is_array(L, 1));
	return 1;
}

/* module, cjson and the arrays' metatable on the stack: a function over the last two. */
static void add_function(lua_State *L, const char *name, lua_CFunction function, const char *cjson_name)
{
	lua_getfield(L, -2, cjson_name);
	lua_pushvalue(L, -2);
	lua_pushcclosure(L, function, 2);
	lua_setfield(L, -4, name);
}

static void set_option(lua_State *L, const char *name, int value)
{
	lua_getfield(L, -1, name);
	lua_pushinteger(L, value);
	lua_call(L, 1, 0);
}

int pa_native_open_json(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, luaopen_cjson);
	lua_call(L, 0, 1);
	set_option(L, "encode_max_depth", PA_JSON_DEPTH_MAX + 1);
	set_option(L, "decode_max_depth", PA_JSON_DEPTH_MAX + 1);
	luaL_newmetatable(L, ARRAY);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	add_function(L, "decode", l_decode, "decode");
	add_function(L, "encode", l_encode, "encode");
	add_function(L, "array", l_array, "encode");
	add_function(L, "is_array", l_is_array, "encode");
	lua_pop(L, 2);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	return 1;
}
