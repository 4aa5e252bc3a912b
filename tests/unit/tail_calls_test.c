/* Functions of an app that end with `return f(…)`: messages and tracebacks have their lines, and they work as in Lua.
 */
#include <lauxlib.h>
#include <lualib.h>

#include "vm_fixture.h"

static void an_error_names_the_line_of_a_tail_call(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, "library.lua",
		"return { text = function(body) if not body then error('the body is nil', 2) end return body end }");
	assert_int_equal(handle(fixture, "local library = require 'library'\nlocal function shown(x)\nreturn "
									 "library.text(x)\nend\nreturn shown(nil)"),
		-1);
	assert_string_equal(fixture->fault.message, "entry.lua:3: the body is nil");
	assert_non_null(strstr(fixture->fault.traceback, "entry.lua:3: in "));
	assert_non_null(strstr(fixture->fault.traceback, "entry.lua:5: in "));
}

/* Each gives the same with tail calls and without. */
static const char *const scripts[] = {
	"local function f(...) return select('#', ...), ... end local function g(...) return f(...) end "
	"return table.concat({ g(1, nil, 3) }, ',', 1, 2) .. select('#', g()) .. select('#', g(nil, nil))",
	/* closed upvalues, varargs, constants of every kind */
	"local function make(n) local m = n local function add(x) m = m + x return m end return add end "
	"local function run(...) local add = make(...) local function get() return add(2) end return get() end "
	"local kinds = { nil, true, false, 7, 7.5, 'short', ('long'):rep(30), 1 << 40, -1e300 } "
	"return run(40) .. tostring(kinds[3]) .. kinds[4] .. kinds[5] .. kinds[6] .. #kinds[7] .. kinds[8] .. kinds[9]",
	/* methods, strings, functions of C, protected calls, coroutines */
	"local t = { n = 3 } function t:get(x) return self.n + x end function t:call(x) return self:get(x) end "
	"local function upper(s) return s:upper() end local function try(f) return pcall(f) end "
	"local function yield(x) return coroutine.yield(x) end local co = coroutine.wrap(function() return yield(5) end) "
	"local ok, message = try(function() return error({}) end) "
	"return t:call(4) .. upper 'x' .. tostring(ok) .. type(message) .. co() .. co(6)",
	/* to-be-closed variables, metamethods, a large function */
	"local log = {} local function close() return setmetatable({}, { __close = function() log[#log + 1] = 'closed' end "
	"}) end local function f() local x <close> = close() return #log end "
	"local called = setmetatable({}, { __call = function(_, x) return tostring(x) end, __index = function(_, k) return "
	"k:rep(2) end }) local function g(x) return called(x) end return f() .. log[1] .. g(8) .. called.ab",
	/* deep, but not without end */
	"local function count(n) if n == 0 then return 'end' end return count(n - 1) end return count(15000)",
	/* a goto, loops, and several returns */
	"local function sign(n) if n < 0 then return tostring(-1) elseif n > 0 then return tostring(1) end return "
	"tostring(0) "
	"end local out = '' for i = -1, 1 do out = out .. sign(i) end while true do do goto done end end ::done:: return "
	"out",
};

static void functions_work_as_in_lua(void **state)
{
	struct fixture *fixture = *state;
	char body[2048];

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		lua_State *L = luaL_newstate();
		luaL_openlibs(L);
		if (luaL_dostring(L, scripts[i]) != LUA_OK)
			fail_msg("%s", lua_tostring(L, -1));
		snprintf(body, sizeof body, "local function run() %s end return { status = 200, body = run() }", scripts[i]);
		if (handle(fixture, body) < 0)
			fail_msg("%s: %s", fixture->fault.message, scripts[i]);
		assert_body(fixture, lua_tostring(L, -1));
		lua_close(L);
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void endless_tail_calls_end(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(handle(fixture, "local function f() return f() end return f()"), -1);
	assert_non_null(fixture->fault.message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_error_names_the_line_of_a_tail_call, set_up, tear_down),
		cmocka_unit_test_setup_teardown(functions_work_as_in_lua, set_up, tear_down),
		cmocka_unit_test_setup_teardown(endless_tail_calls_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
