/* require "native.http": calls out, from a request table to an answer table. */
#include "client/http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "client/call.h"
#include "client/header_lines.h"
#include "client/url.h"
#include "native/http_record.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

enum {
	TIMEOUT_MAX = 60, /* seconds */
	BYTES_MAX = 2 << 20,
	BYTES_MAX_MAX = 64 << 20,
	REDIRECTS_MAX = 5,
};
static const lua_Number TIMEOUT = 15, CONNECT_TIMEOUT = 5;

/* Request tables. The strings of url, method and body stay on the stack until the call ends, for curl reads them. These
 * functions raise for a field of the wrong type; they return -1 with *error for a wrong value. */

static struct pa_span string_field(lua_State *L, int request, const char *name)
{
	struct pa_span text = {0};

	if (lua_getfield(L, request, name) == LUA_TNIL)
		return text;
	text.at = lua_tolstring(L, -1, &text.length);
	if (!text.at)
		luaL_error(L, "a request's %s must be a string", name);
	return text;
}

static int seconds_field(
	lua_State *L, int request, const char *name, lua_Number otherwise, long *ms, struct pa_error *error)
{
	lua_getfield(L, request, name);
	lua_Number seconds = luaL_optnumber(L, -1, otherwise);
	lua_pop(L, 1);
	if (!(seconds > 0 && seconds <= TIMEOUT_MAX))
		return pa_error_set(error, "usage", "a request's %s must be more than 0 and at most 60 seconds", name);
	*ms = seconds < 0.001 ? 1 : (long)(seconds * 1000);
	return 0;
}

static int count_field(lua_State *L, int request, const char *name, lua_Integer otherwise, lua_Integer most,
	lua_Integer *count, struct pa_error *error)
{
	lua_getfield(L, request, name);
	*count = luaL_optinteger(L, -1, otherwise);
	lua_pop(L, 1);
	if (*count < 0 || *count > most)
		return pa_error_set(error, "usage", "a request's %s must be 0 to %lld", name, (long long)most);
	return 0;
}

static int add_header(
	struct pa_transfer_options *options, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	if (options->header_count == PA_HEADER_LINES_MAX)
		return pa_error_set(error, "usage", "more than %d headers", PA_HEADER_LINES_MAX);
	options->headers[options->header_count][0] = name;
	options->headers[options->header_count++][1] = value;
	return 0;
}

/* Makes the list `anchors` hold the value at `index`. */
static void anchor(lua_State *L, int index, int anchors)
{
	lua_pushvalue(L, index);
	lua_rawseti(L, anchors, (lua_Integer)lua_rawlen(L, anchors) + 1);
}

/* The string at `index`, absent for other types. The string of a number is a new one, which `anchors` holds. */
static struct pa_span header_value(lua_State *L, int index, int anchors)
{
	bool is_new = lua_type(L, index) == LUA_TNUMBER;
	struct pa_span value;

	value.at = lua_tolstring(L, index, &value.length);
	if (is_new)
		anchor(L, index, anchors);
	return value;
}

/* Reads one header: its name, and its value or list of values, are the two values on top of the stack. */
static int read_header(lua_State *L, int anchors, struct pa_transfer_options *options, struct pa_error *error)
{
	int given = lua_gettop(L);
	struct pa_span name;

	if (lua_type(L, given - 1) != LUA_TSTRING)
		return luaL_error(L, "a header's name must be a string");
	name.at = lua_tolstring(L, given - 1, &name.length);
	if (lua_isstring(L, given))
		return add_header(options, name, header_value(L, given, anchors), error);
	if (!lua_istable(L, given))
		return luaL_error(L, "the value of header %s must be a string or a list of strings", name.at);
	anchor(L, given, anchors); /* the table of headers may be weak */
	for (lua_Integer i = 1; lua_rawgeti(L, given, i) != LUA_TNIL; i++, lua_settop(L, given)) {
		struct pa_span value = header_value(L, given + 1, anchors);
		if (!value.at)
			return luaL_error(L, "the value of header %s must be a string or a list of strings", name.at);
		if (add_header(options, name, value, error) < 0)
			return -1;
	}
	lua_settop(L, given);
	return 0;
}

static int read_headers(lua_State *L, int request, struct pa_transfer_options *options, struct pa_error *error)
{
	if (lua_getfield(L, request, "headers") == LUA_TNIL)
		return 0;
	luaL_checktype(L, -1, LUA_TTABLE);
	int headers = lua_gettop(L), anchors = headers + 1;
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, headers); lua_settop(L, anchors + 1))
		if (read_header(L, anchors, options, error) < 0)
			return -1;
	return 0;
}

/* Authorization: Basic (RFC 7617). */
static void read_basic(lua_State *L, int request, struct pa_transfer_options *options)
{
	if (lua_getfield(L, request, "basic") == LUA_TNIL)
		return;
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_rawgeti(L, -1, 1);
	lua_rawgeti(L, -2, 2);
	options->user = pa_native_check_span(L, lua_gettop(L) - 1);
	options->password = pa_native_check_span(L, lua_gettop(L));
}

/* Prepares a transfer from the table at `request`. Its strings stay on the stack. */
static int prepare(lua_State *L, int request, struct pa_transfer *transfer, struct pa_error *error)
{
	struct pa_transfer_options options;
	lua_Integer redirects, bytes_max;

	luaL_checktype(L, request, LUA_TTABLE);
	luaL_checkstack(L, 24, "too many fields in a request");
	options.header_count = 0;
	options.timeout_ms = options.connect_ms = 0;
	options.user = options.password = (struct pa_span){0};
	options.url = string_field(L, request, "url");
	options.method = string_field(L, request, "method");
	options.body = string_field(L, request, "body");
	if (!options.url.at)
		return pa_error_set(error, "usage", "a request must have a url");
	if (!options.method.at)
		options.method = pa_text_span("GET");
	lua_getfield(L, request, "compressed");
	options.compressed = lua_toboolean(L, -1);
	if (seconds_field(L, request, "timeout", TIMEOUT, &options.timeout_ms, error) < 0 ||
		seconds_field(L, request, "connect_timeout", CONNECT_TIMEOUT, &options.connect_ms, error) < 0 ||
		count_field(L, request, "redirects", 0, REDIRECTS_MAX, &redirects, error) < 0 ||
		count_field(L, request, "max_bytes", BYTES_MAX, BYTES_MAX_MAX, &bytes_max, error) < 0)
		return -1;
	long left_ms = pa_native_time_left(L);
	if (left_ms == 0)
		return pa_error_set(error, "timeout", "the request that makes this call has run for REQUEST_TIMEOUT");
	if (options.timeout_ms > left_ms)
		options.timeout_ms = left_ms;
	options.redirects = (int)redirects;
	options.bytes_max = (size_t)bytes_max;
	int kept = lua_gettop(L);
	options.bearer = string_field(L, request, "bearer");
	/* The headers last: their strings are held by the request's tables only, and nothing below runs a script. */
	read_basic(L, request, &options);
	if (read_headers(L, request, &options, error) < 0)
		return -1;
	int result = pa_transfer_prepare(transfer, &options, error);
	lua_settop(L, kept);
	return result;
}

/* Answer tables */

/* Adds one header line to the table on top: the name in lower case, the values of one name joined. */
static void push_header(lua_State *L, const char *line, size_t length)
{
	char name[256];
	const char *colon = memchr(line, ':', length);
	size_t name_length = colon ? (size_t)(colon - line) : 0;

	if (!colon || name_length >= sizeof name || !pa_text_is_token((struct pa_span){line, name_length}))
		return;
	for (size_t i = 0; i < name_length; i++)
		name[i] = pa_text_lower(line[i]);
	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n'))
		length--;
	struct pa_span value = pa_text_trim((struct pa_span){colon + 1, length - name_length - 1});
	lua_pushlstring(L, name, name_length);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, -3) == LUA_TSTRING) {
		bool cookie = name_length == 10 && memcmp(name, "set-cookie", 10) == 0;
		lua_pushstring(L, cookie ? "\n" : ", ");
		lua_pushlstring(L, value.at, value.length);
		lua_concat(L, 3);
	} else {
		lua_pop(L, 1);
		lua_pushlstring(L, value.at, value.length);
	}
	lua_rawset(L, -3);
}

static void push_answer(lua_State *L, const struct pa_answer *answer)
{
	struct pa_span head = answer->head;

	lua_createtable(L, 0, 5); /* one field more: partnerapp.http adds `json` */
	lua_pushinteger(L, answer->status);
	lua_setfield(L, -2, "status");
	lua_createtable(L, 0, 8);
	while (head.length > 0) {
		const char *newline = memchr(head.at, '\n', head.length);
		size_t length = newline ? (size_t)(newline - head.at) + 1 : head.length;
		push_header(L, head.at, length);
		head.at += length;
		head.length -= length;
	}
	lua_setfield(L, -2, "headers");
	lua_pushlstring(L, answer->body.length > 0 ? answer->body.at : "", answer->body.length);
	lua_setfield(L, -2, "body");
	lua_pushstring(L, answer->url);
	lua_setfield(L, -2, "url");
}

/* Calls */

static void return_call(void *held)
{
	struct pa_call *call = *(struct pa_call **)held;

	if (call)
		pa_call_return(call);
}

/* Leases a call, which a box returns when the C function ends. NULL with *error. */
static struct pa_call *push_call(lua_State *L, size_t count, struct pa_error *error)
{
	struct pa_http *http = pa_native_services(L)->http;
	struct pa_call **box = pa_native_box(L, sizeof(struct pa_call *), return_call);

	return *box = pa_http_lease(http, count, error);
}

/* Only requests are inside of admission. */
static void run(lua_State *L, struct pa_call *call)
{
	bool is_request = pa_native_context_of(L)->request != NULL;

	pa_native_wait_begin(L);
	pa_call_run(call, is_request ? pa_native_services(L)->admission : NULL);
	pa_native_wait_end(L);
}

static const char *sent_word(const struct pa_transfer *transfer)
{
	static const char *const words[] = {
		[PA_TRANSFER_NOT_SENT] = "no", [PA_TRANSFER_SENT] = "yes", [PA_TRANSFER_MAYBE_SENT] = "unknown"};

	return words[pa_transfer_was_sent(transfer)];
}

/* Pushes nil, message, code, and whether the request was sent. */
static int fail(lua_State *L, const struct pa_error *error, const char *sent)
{
	pa_native_fail_with(L, error);
	lua_pushstring(L, sent);
	return 4;
}

static int l_check(lua_State *L)
{
	struct pa_error error;

	lua_settop(L, 1);
	struct pa_call *call = push_call(L, 1, &error);
	lua_pushvalue(L, 1);
	if (!call || prepare(L, lua_gettop(L), pa_call_transfer(call, 0), &error) < 0)
		return pa_native_fail_with(L, &error);
	lua_pushboolean(L, 1);
	return 1;
}

/* The answer of a transfer that ran, which is recorded. 0, or -1 with *error. */
static int take_answer(lua_State *L, struct pa_transfer *transfer, struct pa_answer *answer, struct pa_error *error)
{
	int result = pa_transfer_answer(transfer, answer, error);

	pa_http_record_call(pa_native_context_of(L), transfer, result < 0 ? NULL : answer, error);
	return result;
}

static int l_request(lua_State *L)
{
	struct pa_answer answer;
	struct pa_error error;

	lua_settop(L, 1);
	struct pa_call *call = push_call(L, 1, &error);
	lua_pushvalue(L, 1);
	if (!call || pa_http_admit(pa_native_services(L)->http, &error) < 0 ||
		prepare(L, lua_gettop(L), pa_call_transfer(call, 0), &error) < 0)
		return fail(L, &error, "no");
	run(L, call);
	if (take_answer(L, pa_call_transfer(call, 0), &answer, &error) < 0)
		return fail(L, &error, sent_word(pa_call_transfer(call, 0)));
	push_answer(L, &answer);
	return 1;
}

static void push_failure(lua_State *L, const struct pa_error *error, const char *sent)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, sent);
	lua_setfield(L, -2, "sent");
	lua_pushstring(L, error->text);
	lua_setfield(L, -2, "error");
	lua_pushstring(L, error->code);
	lua_setfield(L, -2, "code");
}

static int l_all(lua_State *L)
{
	struct pa_answer answer;
	struct pa_error error;

	lua_settop(L, 1);
	luaL_checktype(L, 1, LUA_TTABLE);
	size_t count = lua_rawlen(L, 1);
	luaL_argcheck(L, count <= PA_CALL_TRANSFERS, 1, "more than 16 requests at once");
	struct pa_call *call = push_call(L, count, &error);
	lua_createtable(L, (int)count, 0);
	int answers = lua_gettop(L);
	if (!call) {
		for (size_t i = 0; i < count; i++) {
			push_failure(L, &error, "no");
			lua_rawseti(L, answers, (lua_Integer)i + 1);
		}
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		luaL_checkstack(L, 8, "too many requests");
		lua_rawgeti(L, 1, (lua_Integer)i + 1);
		if (pa_http_admit(pa_native_services(L)->http, &error) < 0 ||
			prepare(L, lua_gettop(L), pa_call_transfer(call, i), &error) < 0) {
			push_failure(L, &error, "no");
			lua_rawseti(L, answers, (lua_Integer)i + 1);
		}
	}
	run(L, call);
	luaL_checkstack(L, 8, "too many requests");
	for (size_t i = 0; i < count; i++) {
		struct pa_transfer *transfer = pa_call_transfer(call, i);
		if (!pa_transfer_is_prepared(transfer))
			continue;
		if (take_answer(L, transfer, &answer, &error) < 0)
			push_failure(L, &error, sent_word(transfer));
		else
			push_answer(L, &answer);
		lua_rawseti(L, answers, (lua_Integer)i + 1);
	}
	lua_settop(L, answers);
	return 1;
}

/* Tests of an app, and tasks, make no call that they did not ask for. */
static int l_warm(lua_State *L)
{
	const char *origin = luaL_checkstring(L, 1);

	if (pa_native_context_of(L)->request)
		pa_http_warm(pa_native_services(L)->http, origin);
	return 0;
}

/* URLs */

static void close_url(void *held)
{
	pa_url_free(held);
}

static void set_string(lua_State *L, const char *name, const char *string)
{
	lua_pushstring(L, string);
	lua_setfield(L, -2, name);
}

static int l_parse_url(lua_State *L)
{
	struct pa_span text = pa_native_check_span(L, 1);
	struct pa_url *url = pa_native_box(L, sizeof *url, close_url);

	const char *problem = pa_url_read(text.at, text.length, url);
	if (problem)
		return pa_native_fail(L, "usage", "%s", problem);
	lua_createtable(L, 0, 7);
	set_string(L, "scheme", url->scheme);
	set_string(L, "host", url->host);
	lua_pushinteger(L, url->port);
	lua_setfield(L, -2, "port");
	set_string(L, "path", url->path);
	set_string(L, "query", url->query);
	set_string(L, "fragment", url->fragment);
	set_string(L, "origin", url->origin);
	return 1;
}

static int l_parse_date(lua_State *L)
{
	int64_t seconds = pa_url_date(luaL_checkstring(L, 1));

	if (seconds < 0)
		return 0;
	lua_pushinteger(L, (lua_Integer)seconds);
	return 1;
}

static int l_escape(lua_State *L)
{
	struct pa_span text = pa_native_check_span(L, 1);
	char small[3 * 128];
	luaL_Buffer out;

	if (text.length > sizeof small / 3) {
		char *room = luaL_buffinitsize(L, &out, text.length * 3);
		luaL_pushresultsize(&out, pa_text_encode(text, room));
		return 1;
	}
	size_t length = pa_text_encode(text, small);
	if (length == text.length) /* nothing to escape: the string itself */
		lua_settop(L, 1);
	else
		lua_pushlstring(L, small, length);
	return 1;
}

int pa_native_open_http(lua_State *L)
{
	static const luaL_Reg functions[] = {{"request", l_request}, {"check", l_check}, {"all", l_all}, {"warm", l_warm},
		{"parse_url", l_parse_url}, {"parse_date", l_parse_date}, {"escape", l_escape}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
