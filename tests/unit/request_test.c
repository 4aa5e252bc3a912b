/* The request object and the parsing of queries, forms and cookies. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "native/modules.h"
#include "native/request.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

static struct pa_request sample(void)
{
	struct pa_request request = {
		.method = span("POST"),
		.target = span("/a?b=1"),
		.path = span("/a"),
		.query = span("b=1"),
		.body = span("x=1"),
		.ip = span("127.0.0.1"),
		.host = span("localhost"),
		.id = "id-1",
		.header_count = 5,
	};

	request.headers[0] = (struct pa_header){span("Host"), span("localhost:8888")};
	request.headers[1] = (struct pa_header){span("X-Two"), span("one")};
	request.headers[2] = (struct pa_header){span("Cookie"), span("a=1")};
	request.headers[3] = (struct pa_header){span("x-two"), span("two")};
	request.headers[4] = (struct pa_header){span("COOKIE"), span("b=2")};
	return request;
}

static int set_up(void **state)
{
	lua_State *L = luaL_newstate();

	if (!L)
		return -1;
	luaL_openlibs(L);
	luaL_requiref(L, "native.request", pa_native_open_request, 0);
	lua_setglobal(L, "request");
	*state = L;
	return 0;
}

static int tear_down(void **state)
{
	lua_close(*state);
	return 0;
}

/* Runs a chunk of asserts; the test fails with their message. */
static void run(lua_State *L, const char *chunk)
{
	if (luaL_dostring(L, chunk) != LUA_OK)
		fail_msg("%s", lua_tostring(L, -1));
}

static void push(lua_State *L, const struct pa_request *request)
{
	pa_native_request_push(L, request);
	lua_setglobal(L, "raw");
}

static void refuses_access_after_the_response(void **state)
{
	struct pa_request request = sample();

	push(*state, &request);
	lua_getglobal(*state, "raw");
	pa_native_request_end(*state, -1);
	lua_pop(*state, 1);
	run(*state, "for _, name in ipairs { 'method', 'body', 'headers', 'id', 'nothing' } do\n"
				"	local ok, err = pcall(function() return raw[name] end)\n"
				"	assert(not ok and err:find('request is over', 1, true), name)\n"
				"end\n"
				"assert(not pcall(request.header, raw, 'host'))");
}

static void refuses_other_values(void **state)
{
	run(*state, "for _, value in ipairs { 1, 'x', {}, io.stdout } do\n"
				"	local ok, err = pcall(request.header, value, 'host')\n"
				"	assert(not ok and err:find('request expected', 1, true), tostring(err))\n"
				"end");
}

static void a_script_cannot_change_it(void **state)
{
	struct pa_request request = sample();

	push(*state, &request);
	run(*state, "assert(not pcall(function() raw.method = 'GET' end))\n"
				"assert(getmetatable(raw) == false)\n"
				"assert(not pcall(setmetatable, raw, {}))");
}

static void has_the_fields_of_the_message(void **state)
{
	struct pa_request request = sample();

	push(*state, &request);
	run(*state, "assert(raw.method == 'POST' and raw.path == '/a' and raw.target == '/a?b=1')\n"
				"assert(raw.query_string == 'b=1' and raw.body == 'x=1' and raw.ip == '127.0.0.1')\n"
				"assert(raw.host == 'localhost' and raw.id == 'id-1' and raw.nothing == nil)");
}

static void absent_is_nil_and_empty_is_empty(void **state)
{
	struct pa_request request = sample();

	request.body = (struct pa_span){NULL, 0};
	request.query = (struct pa_span){"", 0};
	push(*state, &request);
	run(*state, "assert(raw.body == nil and raw.query_string == '')");
}

static void joins_headers_of_one_name(void **state)
{
	struct pa_request request = sample();

	push(*state, &request);
	run(*state, "assert(raw.headers['x-two'] == 'one, two' and request.header(raw, 'x-two') == 'one, two')\n"
				"assert(raw.headers.cookie == 'a=1; b=2' and request.header(raw, 'cookie') == 'a=1; b=2')\n"
				"assert(raw.headers['X-Two'] == nil and request.header(raw, 'none') == nil)\n"
				"assert(raw.headers.host == 'localhost:8888')");
}

static void form_refuses_what_is_malformed(void **state)
{
	run(*state, "local bad = { 'a=%', 'a=%2', 'a=%zz', '%g0=1', 'a=1&b=%u0041',\n"
				"	'a=%00', 'a=x%00y', '%00', 'a=x\\0y',\n"
				"	'a=%ff', 'a=%c0%af', 'a=%ed%a0%80', 'a=%f4%90%80%80', '%fe=1', 'a=\\xff' }\n"
				"for _, text in ipairs(bad) do\n"
				"	local fields, message, code = request.parse_form(text)\n"
				"	assert(fields == nil and code == 'bad_form' and type(message) == 'string', text)\n"
				"	fields, message, code = request.values(text, 'a')\n"
				"	assert(fields == nil and code == 'bad_form', text)\n"
				"end");
}

static void form_has_at_most_256_fields(void **state)
{
	run(*state, "assert(request.parse_form(('a=1&'):rep(256)))\n"
				"local fields, message, code = request.parse_form(('a=1&'):rep(257))\n"
				"assert(fields == nil and code == 'bad_form' and message:find('256', 1, true))\n"
				"assert(request.values(('a=1&'):rep(257), 'a') == nil)\n"
				"assert(request.parse_form(('&'):rep(1000)))");
}

static void form_keeps_the_first_and_values_all(void **state)
{
	run(*state,
		"local fields = request.parse_form('a=1&b=2&a=3&c&=x&d=')\n"
		"assert(fields.a == '1' and fields.b == '2' and fields.c == '' and fields[''] == 'x' and fields.d == '')\n"
		"local list = request.values('a=1&b=2&a=3&a', 'a')\n"
		"assert(#list == 3 and list[1] == '1' and list[2] == '3' and list[3] == '')\n"
		"assert(#request.values('', 'a') == 0 and next(request.parse_form('')) == nil)");
}

static void form_decodes_plus_and_escapes(void **state)
{
	run(*state, "local fields = request.parse_form('a+b=c%20d%2B+e&u=%E2%82%AC&x=1=2')\n"
				"assert(fields['a b'] == 'c d+ e' and fields.u == '\\u{20ac}' and fields.x == '1=2')\n"
				"local long = ('x'):rep(100000)\n"
				"assert(request.parse_form('a=' .. long).a == long)");
}

static void cookies_skip_malformed_parts(void **state)
{
	run(*state, "local c = request.parse_cookies('a=1; b=\"two\"; a=3;;  =x; lone; d = 4 ; e=; f=\"; g=a=b')\n"
				"assert(c.a == '1' and c.b == 'two' and c.d == '4' and c.e == '' and c.f == '\"' and c.g == 'a=b')\n"
				"assert(c.lone == nil and c[''] == nil)\n"
				"assert(next(request.parse_cookies('')) == nil and next(request.parse_cookies(';;;')) == nil)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name, function) {name, function, set_up, tear_down, NULL}
		TEST("access after the response raises: request is over", refuses_access_after_the_response),
		TEST("other values are not a request", refuses_other_values),
		TEST("SBX-12 a script cannot change a request or its metatable", a_script_cannot_change_it),
		TEST("fields are those of the message", has_the_fields_of_the_message),
		TEST("absent is nil, empty is empty", absent_is_nil_and_empty_is_empty),
		TEST("HT-26 headers of one name are joined in order", joins_headers_of_one_name),
		TEST("HT-12 bad escapes, NUL and invalid UTF-8 in a form are refused", form_refuses_what_is_malformed),
		TEST("HT-14 more than 256 fields are refused", form_has_at_most_256_fields),
		TEST("HT-13 of fields of one name the first counts, values gives all in order",
			form_keeps_the_first_and_values_all),
		TEST("HT-12 plus and escapes are decoded", form_decodes_plus_and_escapes),
		TEST("cookies: malformed parts are skipped, the first of a name counts", cookies_skip_malformed_parts),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
