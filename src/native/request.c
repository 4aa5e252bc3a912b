/* require "native.request": the request object of a handler, and strict parsing of queries, forms and cookies (HT-12 to
 * HT-14). */
#include "native/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "native/modules.h"
#include "native/native.h"

enum { FIELDS_MAX = 256 };

static const char metatable_key; /* its address is the registry key of the metatable */

struct handle {
	const struct pa_request *request; /* NULL after pa_native_request_end */
};

static bool is_handle(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TUSERDATA || !lua_getmetatable(L, 1))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
	bool same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same;
}

static const struct pa_request *check_request(lua_State *L)
{
	const struct handle *handle = is_handle(L) ? lua_touserdata(L, 1) : NULL;

	if (handle && handle->request)
		return handle->request;
	if (handle)
		luaL_error(L, "request is over: copy what is needed later before the handler returns");
	luaL_typeerror(L, 1, "request");
	abort(); /* luaL_typeerror never returns, which Lua's headers do not say */
}

static int push_span(lua_State *L, struct pa_span span)
{
	if (span.at)
		lua_pushlstring(L, span.at, span.length);
	else
		lua_pushnil(L);
	return 1;
}

static void push_lower(lua_State *L, struct pa_span text)
{
	luaL_Buffer buffer;
	char *to = luaL_buffinitsize(L, &buffer, text.length);

	for (size_t i = 0; i < text.length; i++)
		to[i] = pa_text_lower(text.at[i]);
	luaL_pushresultsize(&buffer, text.length);
}

static const char *separator_of(const char *name)
{
	return strcasecmp(name, "cookie") == 0 ? "; " : ", ";
}

static void push_headers(lua_State *L, const struct pa_request *request)
{
	lua_createtable(L, 0, (int)request->header_count);
	for (size_t i = 0; i < request->header_count; i++) {
		push_lower(L, request->headers[i].name);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, -3) == LUA_TNIL) {
			lua_pop(L, 1);
			push_span(L, request->headers[i].value);
		} else {
			lua_pushstring(L, separator_of(lua_tostring(L, -2)));
			push_span(L, request->headers[i].value);
			lua_concat(L, 3);
		}
		lua_rawset(L, -3);
	}
}

static bool same_name(struct pa_span name, const char *other, size_t length)
{
	return name.length == length && strncasecmp(name.at, other, length) == 0;
}

/* header(request, name in any case) → its value, without making the table of all headers */
static int l_header(lua_State *L)
{
	const struct pa_request *request = check_request(L);
	size_t length;
	const char *name = luaL_checklstring(L, 2, &length);
	int found = 0;

	lua_settop(L, 2);
	for (size_t i = 0; i < request->header_count; i++) {
		if (!same_name(request->headers[i].name, name, length))
			continue;
		if (found++)
			lua_pushstring(L, separator_of(name));
		push_span(L, request->headers[i].value);
		lua_concat(L, lua_gettop(L) - 2);
	}
	return found ? 1 : 0;
}

static const char *forwarding_name(struct pa_span name)
{
	static const char *const names[] = {"x-forwarded-for", "forwarded", "x-real-ip"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(name, names[i], strlen(names[i])))
			return names[i];
	return NULL;
}

/* The name of the first header that a proxy adds; nil when there is none. */
static int push_forwarding(lua_State *L, const struct pa_request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const char *name = forwarding_name(request->headers[i].name);
		if (name) {
			lua_pushstring(L, name);
			return 1;
		}
	}
	return 0;
}

static bool has_word(struct pa_span text, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= text.length; i++)
		if (same_name((struct pa_span){text.at + i, length}, word, length))
			return true;
	return false;
}

/* Whether a header says that a browser loads the address ahead of a visit (TO-06): Sec-Purpose of today's browsers, and
 * what earlier ones and Safari send. */
static bool says_prefetch(const struct pa_header *header)
{
	static const char *const names[] = {"sec-purpose", "purpose", "x-purpose", "x-moz"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (same_name(header->name, names[i], strlen(names[i])))
			return has_word(header->value, "prefetch") || has_word(header->value, "preview");
	return false;
}

static bool is_prefetch(const struct pa_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (says_prefetch(&request->headers[i]))
			return true;
	return false;
}

/* Whether `forwarding` or `prefetch` is set, or the Host is not that of PUBLIC_URL. Every request is asked, once for
 * all three. */
static bool is_unusual(const struct pa_request *request)
{
	bool unusual = request->other_host;

	for (size_t i = 0; i < request->header_count && !unusual; i++)
		unusual = forwarding_name(request->headers[i].name) || says_prefetch(&request->headers[i]);
	return unusual;
}

static int l_index(lua_State *L)
{
	static const struct {
		const char *name;
		size_t length, offset;
	} fields[] = {
#define FIELD(name) {#name, sizeof #name - 1, offsetof(struct pa_request, name)}
		FIELD(method),
		FIELD(path),
		FIELD(host),
		FIELD(body),
		FIELD(target),
		FIELD(ip),
#undef FIELD
		{"query_string", 12, offsetof(struct pa_request, query)},
	};
	const struct handle *handle = lua_touserdata(L, 1);
	const struct pa_request *request = handle && handle->request ? handle->request : check_request(L);
	size_t length;
	const char *name = luaL_checklstring(L, 2, &length);

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].length == length && memcmp(fields[i].name, name, length) == 0)
			return push_span(L, *(const struct pa_span *)(const void *)((const char *)request + fields[i].offset));
	if (strcmp(name, "unusual") == 0 || strcmp(name, "prefetch") == 0) {
		lua_pushboolean(L, *name == 'u' ? is_unusual(request) : is_prefetch(request));
		return 1;
	}
	if (strcmp(name, "forwarding") == 0)
		return push_forwarding(L, request);
	if (strcmp(name, "id") == 0) {
		lua_pushstring(L, request->id);
		return 1;
	}
	if (strcmp(name, "headers") == 0) {
		push_headers(L, request);
		return 1;
	}
	return 0;
}

static void push_metatable(lua_State *L)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, l_index);
	lua_setfield(L, -2, "__index");
	lua_pushliteral(L, "request");
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}

void pa_native_request_push(lua_State *L, const struct pa_request *request)
{
	struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);

	handle->request = request;
	push_metatable(L);
	lua_setmetatable(L, -2);
}

void pa_native_request_end(lua_State *L, int index)
{
	struct handle *handle = lua_touserdata(L, index);

	if (handle)
		handle->request = NULL;
}

/* Removes the next piece, up to `separator`, from *rest. False when nothing is left. */
static bool next_piece(struct pa_span *rest, char separator, struct pa_span *piece)
{
	if (!rest->at)
		return false;
	const char *end = rest->length ? memchr(rest->at, separator, rest->length) : NULL;
	*piece = (struct pa_span){rest->at, end ? (size_t)(end - rest->at) : rest->length};
	if (end)
		*rest = (struct pa_span){end + 1, rest->length - piece->length - 1};
	else
		*rest = (struct pa_span){NULL, 0};
	return true;
}

static void split_pair(struct pa_span piece, char separator, struct pa_span *name, struct pa_span *value)
{
	const char *at = piece.length ? memchr(piece.at, separator, piece.length) : NULL;

	*name = piece;
	*value = (struct pa_span){"", 0};
	if (!at)
		return;
	name->length = (size_t)(at - piece.at);
	*value = (struct pa_span){at + 1, piece.length - name->length - 1};
}

/* Pushes the decoded string and returns NULL; or pushes nothing and returns the problem. */
static const char *push_decoded(lua_State *L, struct pa_span text)
{
	luaL_Buffer buffer;
	char *to = luaL_buffinitsize(L, &buffer, text.length + 1);
	long length = pa_text_decode(text, to, true);
	const char *problem = NULL;

	if (length < 0)
		problem = "two hex digits are missing after a percent sign";
	else if (memchr(to, '\0', (size_t)length))
		problem = "it has a NUL byte";
	else if (!pa_text_is_utf8((struct pa_span){to, (size_t)length}))
		problem = "it is not UTF-8";
	luaL_pushresultsize(&buffer, problem ? 0 : (size_t)length);
	if (problem)
		lua_pop(L, 1);
	return problem;
}

/* Pushes the name and the value of the next field of *rest. 1; 0 when there is none; -1 with nil, message, code pushed.
 */
static int push_field(lua_State *L, struct pa_span *rest, int *count)
{
	struct pa_span piece, name, value;
	const char *problem;

	do {
		if (!next_piece(rest, '&', &piece))
			return 0;
	} while (piece.length == 0);
	if (++*count > FIELDS_MAX) {
		pa_native_fail(L, "bad_form", "there are more than %d fields", FIELDS_MAX);
		return -1;
	}
	split_pair(piece, '=', &name, &value);
	problem = push_decoded(L, name);
	if (!problem)
		problem = push_decoded(L, value);
	if (!problem)
		return 1;
	pa_native_fail(L, "bad_form", "field %d: %s", *count, problem);
	return -1;
}

/* parse_form(text) → {name = first value} */
static int l_parse_form(lua_State *L)
{
	struct pa_span rest = pa_native_check_span(L, 1);
	int count = 0, more;

	lua_settop(L, 1);
	lua_newtable(L);
	while ((more = push_field(L, &rest, &count)) > 0) {
		lua_pushvalue(L, -2);
		if (lua_rawget(L, 2) == LUA_TNIL) {
			lua_pop(L, 1);
			lua_rawset(L, 2);
		}
		lua_settop(L, 2);
	}
	return more < 0 ? 3 : 1;
}

/* values(text, name) → every value of that name, in order */
static int l_values(lua_State *L)
{
	struct pa_span rest = pa_native_check_span(L, 1);
	int count = 0, more;

	luaL_checkstring(L, 2);
	lua_settop(L, 2);
	lua_newtable(L);
	while ((more = push_field(L, &rest, &count)) > 0) {
		if (lua_rawequal(L, -2, 2))
			lua_rawseti(L, 3, (lua_Integer)lua_rawlen(L, 3) + 1);
		lua_settop(L, 3);
	}
	return more < 0 ? 3 : 1;
}

/* parse_cookies(text) → {name = first value} */
static int l_parse_cookies(lua_State *L)
{
	struct pa_span rest = pa_native_check_span(L, 1), piece, name, value;

	lua_settop(L, 1);
	lua_newtable(L);
	while (next_piece(&rest, ';', &piece)) {
		if (!memchr(piece.at, '=', piece.length))
			continue;
		split_pair(piece, '=', &name, &value);
		name = pa_text_trim(name);
		value = pa_text_trim(value);
		if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"')
			value = (struct pa_span){value.at + 1, value.length - 2};
		push_span(L, name);
		lua_pushvalue(L, -1);
		if (name.length && lua_rawget(L, 2) == LUA_TNIL) {
			lua_pop(L, 1);
			push_span(L, value);
			lua_rawset(L, 2);
		}
		lua_settop(L, 2);
	}
	return 1;
}

static bool ends_cookie(char byte)
{
	return byte == ';' || byte == ',' || byte == ' ' || byte == '\t' || byte == '"';
}

/* The value of a cookie whose name ends at `at`: without white space and quotes around it. False when there is no '='.
 */
static bool read_cookie_value(const char *at, const char *end, struct pa_span *value)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == end || *at++ != '=')
		return false;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at < end && *at == '"')
		at++;
	value->at = at;
	while (at < end && !ends_cookie(*at))
		at++;
	value->length = (size_t)(at - value->at);
	return true;
}

/* cookie_values(text, name) → every value of that name, in order. Unlike parse_cookies it looks for the one name, so
 * that neither a malformed neighbour nor a comma in place of a semicolon hides the cookie. */
static int l_cookie_values(lua_State *L)
{
	struct pa_span text = pa_native_check_span(L, 1), name = pa_native_check_span(L, 2), value;
	const char *at = text.at, *end = text.at + text.length;

	luaL_argcheck(L, name.length > 0, 2, "a name is not empty");
	lua_settop(L, 2);
	lua_newtable(L);
	while ((at = memmem(at, (size_t)(end - at), name.at, name.length))) {
		bool begins = at == text.at || (ends_cookie(at[-1]) && at[-1] != '"');
		at += name.length;
		if (begins && read_cookie_value(at, end, &value)) {
			push_span(L, value);
			lua_rawseti(L, 3, (lua_Integer)lua_rawlen(L, 3) + 1);
		}
	}
	return 1;
}

static bool only_has(struct pa_span text, const char *refused)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || strchr(refused, text.at[i]))
			return false;
	return true;
}

/* cookie_problem(name, value) → which one Set-Cookie cannot carry (RFC 6265 4.1.1): "name", "value" or nil. In C, for
 * sealed values are long and Lua's patterns take 15 ns for each byte. */
static int l_cookie_problem(lua_State *L)
{
	struct pa_span name = pa_native_check_span(L, 1), value = pa_native_check_span(L, 2);

	if (name.length == 0 || !only_has(name, "()<>@,;:\\\"/[]?={}"))
		lua_pushliteral(L, "name");
	else if (!only_has(value, "\",;\\"))
		lua_pushliteral(L, "value");
	else
		lua_pushnil(L);
	return 1;
}

int pa_native_open_request(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"cookie_problem", l_cookie_problem},
		{"cookie_values", l_cookie_values},
		{"header", l_header},
		{"parse_cookies", l_parse_cookies},
		{"parse_form", l_parse_form},
		{"values", l_values},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	return 1;
}
