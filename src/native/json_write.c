/* A recursive writer of JSON text. */
#include "native/json_write.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/text.h"
#include "native/json_number.h"

enum { VALUES_MAX = 2 << 20 };

/* The text so far. When it outgrows its first buffer it is in a userdata at `index`: then it counts as memory of the
 * VM, and a raise leaks nothing. */
struct writer {
	lua_State *L;
	int index, array_meta;
	bool javascript;
	char *at;
	size_t length, size;
	unsigned values; /* so far; limited, for a table that holds itself many times would take too long */
};

static void reserve(struct writer *writer, size_t more)
{
	size_t size = writer->size;

	if (size - writer->length >= more)
		return;
	while (size - writer->length < more)
		size *= 2;
	char *at = lua_newuserdatauv(writer->L, size, 0);
	memcpy(at, writer->at, writer->length);
	lua_replace(writer->L, writer->index);
	writer->at = at;
	writer->size = size;
}

static void add(struct writer *writer, const char *bytes, size_t length)
{
	reserve(writer, length);
	memcpy(writer->at + writer->length, bytes, length);
	writer->length += length;
}

static void add_byte(struct writer *writer, char byte)
{
	reserve(writer, 1);
	writer->at[writer->length++] = byte;
}

static void write_integer(struct writer *writer, lua_Integer integer)
{
	char digits[24], *at = digits + sizeof digits;
	lua_Unsigned left = integer < 0 ? 0 - (lua_Unsigned)integer : (lua_Unsigned)integer;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (integer < 0)
		*--at = '-';
	add(writer, at, (size_t)(digits + sizeof digits - at));
}

static const char *write_float(struct writer *writer, lua_Number number)
{
	char text[PA_JSON_NUMBER_SIZE];
	size_t length = writer->javascript ? pa_json_number_javascript(number, text) : pa_json_number(number, text);

	if (length == 0)
		return "a number that is not finite";
	add(writer, text, length);
	return NULL;
}

static void write_escape(struct writer *writer, unsigned char byte)
{
	static const char letters[] = {
		['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char text[8];

	if (letters[byte])
		snprintf(text, sizeof text, "\\%c", letters[byte]);
	else
		snprintf(text, sizeof text, "\\u%04x", byte);
	add(writer, text, strlen(text));
}

static const char *write_string(struct writer *writer, int index)
{
	size_t length, begin = 0;
	const char *text = lua_tolstring(writer->L, index, &length);

	size_t plain = pa_text_plain((struct pa_span){text, length});
	if (plain < length && !pa_text_is_utf8((struct pa_span){text + plain, length - plain}))
		return "a string that is not UTF-8";
	add_byte(writer, '"');
	for (size_t i = plain; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte >= ' ' && byte != '"' && byte != '\\')
			continue;
		add(writer, text + begin, i - begin);
		write_escape(writer, byte);
		begin = i + 1;
	}
	add(writer, text + begin, length - begin);
	add_byte(writer, '"');
	return NULL;
}

static const char *write_value(struct writer *writer, int depth);

/* NULL, or what is wrong with the keys of a list of that length. */
static const char *check_list(lua_State *L, int table, lua_Integer length)
{
	lua_Integer entries = 0;

	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		entries++;
		if (lua_type(L, -2) == LUA_TSTRING)
			return "a table that is both a list and an object";
		if (!lua_isinteger(L, -2))
			return "a key that is neither a string nor an integer";
	}
	return entries == length ? NULL : "an array with holes";
}

static const char *write_list(struct writer *writer, int table, lua_Integer length, int depth)
{
	lua_State *L = writer->L;
	const char *problem = check_list(L, table, length);

	add_byte(writer, '[');
	for (lua_Integer i = 1; i <= length && !problem; i++) {
		if (i > 1)
			add_byte(writer, ',');
		if (lua_rawgeti(L, table, i) == LUA_TNIL)
			problem = "an array with holes";
		else
			problem = write_value(writer, depth);
		lua_settop(L, table);
	}
	add_byte(writer, ']');
	return problem;
}

static const char *write_object(struct writer *writer, int table, int depth)
{
	lua_State *L = writer->L;
	const char *problem = NULL;
	bool first = true;

	add_byte(writer, '{');
	for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1)) {
		if (lua_type(L, table + 1) != LUA_TSTRING)
			return lua_isinteger(L, table + 1) ? "an array with holes"
											   : "a key that is neither a string nor an integer";
		if (!first)
			add_byte(writer, ',');
		first = false;
		problem = write_string(writer, table + 1);
		if (problem)
			return problem;
		add_byte(writer, ':');
		problem = write_value(writer, depth);
		if (problem)
			return problem;
	}
	add_byte(writer, '}');
	return NULL;
}

/* Members in an order that is the same in every run: for json.encode(value, { javascript = true }) */

/* Writes the member of that name, a string at `name`, unless it is absent. */
static const char *write_member(struct writer *writer, int table, int name, int depth, bool *first)
{
	lua_State *L = writer->L;

	lua_pushvalue(L, name);
	if (lua_rawget(L, table) == LUA_TNIL) {
		lua_pop(L, 1);
		return NULL;
	}
	if (!*first)
		add_byte(writer, ',');
	*first = false;
	const char *problem = write_string(writer, name);
	if (problem)
		return problem;
	add_byte(writer, ':');
	problem = write_value(writer, depth);
	if (!problem)
		lua_pop(L, 1);
	return problem;
}

/* Writes the members that the list `__order` of the metatable names, and adds the names to the table at `written`. */
static const char *write_in_order(struct writer *writer, int table, int written, int depth, bool *first)
{
	lua_State *L = writer->L;
	const char *problem = NULL;

	if (luaL_getmetafield(L, table, "__order") != LUA_TTABLE)
		return NULL;
	int order = lua_gettop(L), name = order + 1;
	lua_Integer length = (lua_Integer)lua_rawlen(L, order);
	for (lua_Integer i = 1; i <= length && !problem; i++) {
		lua_settop(L, order);
		if (lua_rawgeti(L, order, i) != LUA_TSTRING)
			continue;
		lua_pushvalue(L, name);
		if (lua_rawget(L, written) != LUA_TNIL)
			continue;
		lua_pushvalue(L, name);
		lua_pushboolean(L, 1);
		lua_rawset(L, written);
		problem = write_member(writer, table, name, depth, first);
	}
	return problem;
}

static int compare_spans(const void *a, const void *b)
{
	const struct pa_span *one = a, *other = b;
	size_t shorter = one->length < other->length ? one->length : other->length;
	int order = memcmp(one->at, other->at, shorter);

	return order ? order : (one->length > other->length) - (one->length < other->length);
}

/* Writes the other members, by name. The names are kept alive by the table itself. */
static const char *write_sorted(struct writer *writer, int table, int written, int depth, bool *first)
{
	lua_State *L = writer->L;
	size_t count = 0, at = 0;
	const char *problem = NULL;

	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			return lua_isinteger(L, -2) ? "an array with holes" : "a key that is neither a string nor an integer";
		count++;
	}
	struct pa_span *names = lua_newuserdatauv(L, count * sizeof *names, 0);
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		if (lua_rawget(L, written) == LUA_TNIL) {
			names[at].at = lua_tolstring(L, -3, &names[at].length);
			at++;
		}
		lua_pop(L, 1);
	}
	qsort(names, at, sizeof *names, compare_spans);
	int name = lua_gettop(L) + 1;
	for (size_t i = 0; i < at && !problem; i++) {
		lua_settop(L, name - 1);
		lua_pushlstring(L, names[i].at, names[i].length);
		problem = write_member(writer, table, name, depth, first);
	}
	return problem;
}

static const char *write_ordered(struct writer *writer, int table, int depth)
{
	lua_State *L = writer->L;
	bool first = true;

	add_byte(writer, '{');
	lua_newtable(L);
	int written = lua_gettop(L);
	const char *problem = write_in_order(writer, table, written, depth, &first);
	if (!problem)
		problem = write_sorted(writer, table, written, depth, &first);
	if (problem)
		return problem;
	add_byte(writer, '}');
	lua_settop(L, table);
	return NULL;
}

static bool is_marked(struct writer *writer, int table)
{
	if (!lua_getmetatable(writer->L, table))
		return false;
	bool marked = lua_rawequal(writer->L, -1, writer->array_meta);
	lua_pop(writer->L, 1);
	return marked;
}

static const char *write_table(struct writer *writer, int depth)
{
	lua_State *L = writer->L;
	int table = lua_gettop(L);
	lua_Integer length = (lua_Integer)lua_rawlen(L, table);

	luaL_checkstack(L, 16, "value nested too deep");
	if (depth > PA_JSON_DEPTH_MAX)
		return "a value nested deeper than 64 (or one that holds itself)";
	if (length > 0 || is_marked(writer, table))
		return write_list(writer, table, length, depth);
	if (writer->javascript)
		return write_ordered(writer, table, depth);
	return write_object(writer, table, depth);
}

/* Writes the value on top, which stays there. NULL, or the problem: then other values may be left above it. */
static const char *write_value(struct writer *writer, int depth)
{
	lua_State *L = writer->L;

	if (++writer->values > VALUES_MAX)
		return "more than two million values";
	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		return write_string(writer, -1);
	case LUA_TNUMBER:
		if (!lua_isinteger(L, -1))
			return write_float(writer, lua_tonumber(L, -1));
		write_integer(writer, lua_tointeger(L, -1));
		return NULL;
	case LUA_TTABLE:
		return write_table(writer, depth + 1);
	case LUA_TBOOLEAN:
		if (lua_toboolean(L, -1))
			add(writer, "true", 4);
		else
			add(writer, "false", 5);
		return NULL;
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, -1) != NULL)
			return "a userdata";
		add(writer, "null", 4);
		return NULL;
	default:
		return "a value that is not a string, number, boolean, table or json.null";
	}
}

const char *pa_json_write(lua_State *L, int array_meta, bool javascript)
{
	int index = lua_gettop(L);
	char small[1024];
	struct writer writer = {
		.L = L, .index = index, .array_meta = array_meta, .javascript = javascript, .at = small, .size = sizeof small};

	luaL_checkstack(L, 8, "too many values");
	lua_pushnil(L);
	lua_insert(L, index);
	const char *problem = write_value(&writer, 0);
	lua_settop(L, index + 1);
	if (problem) {
		lua_remove(L, index);
		return problem;
	}
	lua_pushlstring(L, writer.at, writer.length);
	lua_replace(L, index);
	lua_settop(L, index);
	return NULL;
}
