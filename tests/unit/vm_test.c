/* VMs made from a folder of scripts: what scripts may not do, how they fail, how responses are copied. */
#include "vm_fixture.h"

static void a_response_is_copied_out(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		handle(fixture, "return { status = 201, headers = { ['x-a'] = 'b', ['set-cookie'] = { 'a=1', 'b=2' } },"
						" body = req.method .. ' ' .. req.path }"),
		0);
	assert_int_equal(fixture->response.status, 201);
	assert_body(fixture, "GET /x");
	const char *headers = fixture->response.headers.at;
	assert_non_null(memmem(headers, fixture->response.headers.length, "x-a: b\r\n", 8));
	assert_non_null(memmem(headers, fixture->response.headers.length, "set-cookie: a=1\r\nset-cookie: b=2\r\n", 34));
}

static void HT_09_responses_of_the_wrong_shape_are_faults(void **state)
{
	static const struct {
		const char *code, *message;
	} cases[] = {
		{"return 1", "a response must be a table, not a number"},
		{"return {}", "status must be an integer"},
		{"return { status = 99 }", "from 200 to 599"},
		{"return { status = 200.5 }", "must be an integer"},
		{"return { status = 200, headers = 1 }", "headers must be a table"},
		{"return { status = 200, headers = { [1] = 'x' } }", "a name and a string"},
		{"return { status = 200, headers = { a = true } }", "a name and a string"},
		{"return { status = 200, body = {} }", "body must be a string"},
		{"return { status = 200, headers = { a = 'x\\r\\ny' } }", "a"},
		{"return { status = 200, headers = { ['a b'] = 'x' } }", "a b"},
		{"return { status = 200, headers = { ['content-length'] = '5' } }", "ontent-"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture *fixture = *state;
		assert_int_equal(handle(fixture, cases[i].code), -1);
		assert_fault(fixture, cases[i].message);
		assert_int_equal(fixture->response.status, 0);
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void SBX_01_what_a_script_may_not_reach(void **state)
{
	static const char *const names[] = {"io", "debug", "package", "load", "loadstring", "loadfile", "dofile", NULL};
	struct fixture *fixture = *state;

	for (size_t i = 0; names[i]; i++) {
		char code[128];
		snprintf(code, sizeof code, "return { status = 200, body = tostring(%s) }", names[i]);
		assert_int_equal(handle(fixture, code), -1);
		assert_fault(fixture, "undeclared variable");
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
	assert_int_equal(handle(fixture, "return { status = 200, body = tostring(os.execute) .. tostring(os.getenv) .. "
									 "tostring(os.exit) .. tostring(os.remove) .. tostring(string.dump) }"),
		0);
	assert_body(fixture, "nilnilnilnilnil");
}

static void SBX_02_03_modules_are_source_files_in_the_folder(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, "bytecode.lua", "\x1bLua bytecode");
	save(fixture, "loop.lua", "return require 'loop'");
	assert_int_equal(
		handle(fixture, "local out = {} "
						"for _, name in ipairs { '../x', 'a..b', '/etc/passwd', '', '.', 'a/b', 'native.files', "
						"'native.db', 'cli.serve', 'bytecode', 'loop', 'absent', ('x'):rep(500) } do "
						"local ok, message = pcall(require, name) assert(not ok, name) end "
						"return { status = 200, body = 'refused' }"),
		0);
	assert_body(fixture, "refused");
}

static void SBX_16_a_module_that_failed_is_loaded_again(void **state)
{
	struct fixture *fixture = *state;

	save(fixture, "broken.lua", "local x = nil\nreturn x.y");
	save(fixture, "outer.lua", "return require 'broken'");
	save(fixture, "loop.lua", "return require 'loop'");
	save(fixture, "large.lua", "return ('y'):rep(3 << 20)");
	assert_int_equal(
		handle(fixture, "local out = {} "
						"for _, name in ipairs { 'outer', 'broken', 'outer', 'loop', 'loop' } do "
						"local ok, message = pcall(require, name) assert(not ok, name) table.insert(out, message) end "
						"return { status = 200, body = table.concat(out, '\\n') }"),
		0);
	assert_body(fixture, "broken.lua:2: attempt to index a nil value (local 'x')\n"
						 "broken.lua:2: attempt to index a nil value (local 'x')\n"
						 "broken.lua:2: attempt to index a nil value (local 'x')\n"
						 "loop.lua:1: module 'loop' requires itself in a loop\n"
						 "loop.lua:1: module 'loop' requires itself in a loop");
	pa_vm_free(fixture->vm);
	struct pa_request request = get_request();
	assert_non_null(load(fixture,
		"local held = ('x'):rep(3 << 20) local function handle() local one = held held = nil "
		"local large = require 'large' return { status = 200, body = tostring(#large) .. (one or '') } end "
		"return { handle = handle, failed = function() return { status = 500 } end }"));
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), -1);
	assert_fault(fixture, "not enough memory");
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), 0);
	assert_body(fixture, "3145728");
}

static void SBX_11_12_globals_and_libraries_are_read_only(void **state)
{
	static const char *const attempts[] = {"x = 1", "_G.x = 1", "_ENV.x = 1", "string.format = nil", "string.x = 1",
		"rawset(_G, 'x', 1)", "rawset(string, 'format', 1)", "setmetatable(_G, nil)", "setmetatable(string, {})",
		"getmetatable('').__index = {}", "table.insert(string, 1)", "local _ENV = _G; y = 2", "math.pi = 3",
		"return undeclared_name", NULL};
	struct fixture *fixture = *state;

	for (size_t i = 0; attempts[i]; i++) {
		if (handle(fixture, attempts[i]) == 0)
			fail_msg("went through: %s", attempts[i]);
		assert_false(strstr(fixture->fault.message, "a response must be") != NULL);
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void SBX_04_a_loop_that_pcall_protects_ends(void **state)
{
	static const char *const loops[] = {"while true do end",
		"while true do pcall(function() while true do end end) end",
		"while true do xpcall(error, function() while true do end end) end",
		"while true do coroutine.wrap(function() while true do end end)() end",
		"local co = coroutine.create(function() while true do coroutine.yield() end end) while true do "
		"coroutine.resume(co) end",
		"local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() "
		"return t[1] end) end",
		"while true do pcall(string.rep, 'x', 1000) end",
		"local function f() return pcall(f) end while true do f() end",
		"while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
		"local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() "
		"while true do end end }) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
		"pcall(coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function() "
		"while true do end end }) error('x') end))",
		NULL};

	for (size_t i = 0; loops[i]; i++) {
		struct fixture *fixture = *state;
		assert_int_equal(handle(fixture, loops[i]), -1);
		assert_fault(fixture, "budget");
		assert_true(pa_vm_spent(fixture->vm));
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void SBX_04_a_slow_tostring_of_an_error_ends(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(handle(fixture, "error(setmetatable({}, { __tostring = function() while true do end end }))"), -1);
	assert_fault(fixture, "__tostring");
	assert_true(pa_vm_spent(fixture->vm));
}

static void coroutines_close_as_in_lua(void **state)
{
	assert_int_equal(
		handle(*state, "local out = {} local function note(...) for _, v in ipairs { ... } do out[#out + 1] = "
					   "tostring(v) end end "
					   "local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = "
					   "function() note('closed') end }) coroutine.yield() end) "
					   "coroutine.resume(co) note(coroutine.close(co), coroutine.status(co), coroutine.close(co)) "
					   "co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() "
					   "error('late', 0) end }) coroutine.yield() end) "
					   "coroutine.resume(co) note(coroutine.close(co)) "
					   "note(pcall(coroutine.close, (coroutine.running()))) "
					   "return { status = 200, body = table.concat(out, ' ') }"),
		0);
	assert_body(*state, "closed true dead true false late false cannot close a coroutine that runs");
}

static void a_traceback_belongs_to_its_error(void **state)
{
	struct fixture *fixture = *state;
	struct pa_request request = get_request();

	assert_non_null(load(fixture, "local count = 0\n"
								  "return { handle = function() count = count + 1\n"
								  "if count == 1 then error('first') end error({}) end,\n"
								  "failed = function(_, _, trace) return { status = 500, body = type(trace) } end }"));
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), -1);
	assert_non_null(fixture->fault.traceback);
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), -1);
	assert_null(fixture->fault.traceback);
	assert_int_equal(pa_vm_fail(fixture->vm, &request, &fixture->response), 0);
	assert_body(fixture, "boolean");
}

static void SBX_05_a_handler_of_xpcall_runs_after_unwinding(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		handle(fixture,
			"local depth = 0 local function deep() depth = depth + 1 if depth < 5 then deep() end error('x') end "
			"local ok, seen = xpcall(deep, function(raised) return { raised = raised } end) "
			"local _, loop = pcall(xpcall, error, function() error('again') end) "
			"return { status = 200, body = tostring(ok) .. seen.raised:match('entry.lua:1: x') .. "
			"(seen.raised:find('stack traceback') and ' trace' or '') .. type(loop) }"),
		0);
	assert_body(fixture, "falseentry.lua:1: x traceboolean");
	pa_vm_free(fixture->vm);
	fixture->vm = NULL;
	assert_int_equal(handle(fixture, "xpcall(error, function() while true do end end)"), -1);
	assert_fault(fixture, "budget");
}

static void SBX_06_a_script_may_not_have_finalizers(void **state)
{
	assert_int_equal(handle(*state, "setmetatable({}, { __gc = function() end })"), -1);
	assert_fault(*state, "__gc");
}

static void SBX_09_memory_is_capped_and_the_vm_survives(void **state)
{
	struct fixture *fixture = *state;
	struct pa_request request = get_request();

	assert_int_equal(
		handle(
			fixture, "if req.path == '/x' then local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end"),
		-1);
	assert_fault(fixture, "not enough memory");
	assert_int_equal(pa_vm_fail(fixture->vm, &request, &fixture->response), 0);
	assert_body(fixture, "not enough memory");
	assert_true(pa_vm_memory(fixture->vm) < 8 << 20);
}

static void SBX_10_15_odd_errors_are_faults_not_crashes(void **state)
{
	static const char *const bodies[] = {"error()", "error({})",
		"error(setmetatable({}, { __tostring = function() error('again') end }))",
		"error(setmetatable({}, { __tostring = function() return 1 end }))",
		"local function f() return f() + 1 end f()", "string.rep('x', -1)()",
		"local s = string.rep('a', 300) s:gsub('.', function() return s:gsub('.', function() error('deep') end) end)",
		"return setmetatable({}, { __index = function() error('lazy') end })", "coroutine.yield(1)",
		"local t = {} t[t] = t for i = 1, 250 do t = { t } end error(t)", "error(nil)", NULL};

	for (size_t i = 0; bodies[i]; i++) {
		struct fixture *fixture = *state;
		assert_int_equal(handle(fixture, bodies[i]), -1);
		assert_non_null(fixture->fault.message);
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void SBX_10_coroutines_that_close_each_other_do_not_overflow_the_stack(void **state)
{
	assert_int_equal(handle(*state, "local next, failed "
									"for i = 1, 1000 do "
									"  local after = next "
									"  next = coroutine.create(function() "
									"    local x <close> = setmetatable({}, { __close = function() "
									"      local ok, message = pcall(coroutine.close, after) "
									"      if after and not ok then failed = message end "
									"    end }) "
									"    coroutine.yield() end) "
									"  coroutine.resume(next) "
									"end "
									"coroutine.close(next) "
									"return { status = 200, body = tostring(failed) }"),
		0);
	assert_body(*state, "C stack overflow: too many coroutines close each other");
}

static void a_request_is_over_after_its_response(void **state)
{
	struct fixture *fixture = *state;
	struct pa_request request = get_request();

	assert_non_null(load(fixture, "local kept\n"
								  "return { handle = function(req) local old = kept kept = req\n"
								  "return { status = 200, body = old and old.path or 'first' } end, failed = print }"));
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), 0);
	assert_body(fixture, "first");
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), -1);
	assert_fault(fixture, "request is over");
}

static void a_module_that_does_not_load_is_a_fault_with_its_line(void **state)
{
	assert_null(load(*state, "local x = 1\nlocal y = = 2\n"));
	assert_fault(*state, "entry.lua:2:");
	assert_null(load(*state, "\nerror('at load')"));
	assert_fault(*state, "entry.lua:2: at load");
	assert_null(load(*state, "return 5"));
	assert_fault(*state, "must return a table");
	assert_null(load(*state, "while true do end"));
	assert_fault(*state, "budget");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(a_response_is_copied_out),
		CASE(HT_09_responses_of_the_wrong_shape_are_faults),
		CASE(SBX_01_what_a_script_may_not_reach),
		CASE(SBX_02_03_modules_are_source_files_in_the_folder),
		CASE(SBX_16_a_module_that_failed_is_loaded_again),
		CASE(SBX_11_12_globals_and_libraries_are_read_only),
		CASE(SBX_04_a_loop_that_pcall_protects_ends),
		CASE(SBX_04_a_slow_tostring_of_an_error_ends),
		CASE(coroutines_close_as_in_lua),
		CASE(a_traceback_belongs_to_its_error),
		CASE(SBX_05_a_handler_of_xpcall_runs_after_unwinding),
		CASE(SBX_06_a_script_may_not_have_finalizers),
		CASE(SBX_09_memory_is_capped_and_the_vm_survives),
		CASE(SBX_10_15_odd_errors_are_faults_not_crashes),
		CASE(SBX_10_coroutines_that_close_each_other_do_not_overflow_the_stack),
		CASE(a_request_is_over_after_its_response),
		CASE(a_module_that_does_not_load_is_a_fault_with_its_line),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
