/* Recursion without end: the error names the functions, whichever stack was full first. */
#include "vm_fixture.h"

static void assert_named(void **state, const char *body, const char *wanted)
{
	struct fixture *fixture = *state;

	assert_int_equal(handle(fixture, body), -1);
	if (!fixture->fault.message || strcmp(fixture->fault.message, wanted) != 0)
		fail_msg("%s: %s", wanted, fixture->fault.message ? fixture->fault.message : "no message");
	assert_false(fixture->fault.no_memory);
	pa_vm_free(fixture->vm);
	fixture->vm = NULL;
}

#define TOO_DEEP " calls itself without end, or too deep"

static void SBX_10_the_stack_of_Lua(void **state)
{
	assert_named(state, "local function walk()\nreturn 1 + walk()\nend\nwalk()",
		"entry.lua:2: stack overflow: 'walk' (entry.lua:1)" TOO_DEEP);
	assert_named(state,
		"local walk\nlocal function step() return 1 + walk() end\nfunction walk() return 1 + step() end walk()",
		"entry.lua:2: stack overflow: 'step' (entry.lua:2) and 'walk' (entry.lua:3) call each other without end, or "
		"too "
		"deep");
	assert_named(state, "local t = {}\nfunction t:up() return 1 + self:up() end t:up()",
		"entry.lua:2: stack overflow: 'up' (entry.lua:2)" TOO_DEEP);
	assert_named(
		state, "local function f() return f() end f()", "entry.lua:1: stack overflow: 'f' (entry.lua:1)" TOO_DEEP);
	assert_named(state, "local f = { } for i = 1, 7 do f[i] = function() return 1 + f[i % 7 + 1]() end end f[1]()",
		"entry.lua:1: stack overflow: the function at entry.lua:1" TOO_DEEP);
}

/* What the functions call meanwhile is not named, and neither is what called the first of them. */
static void SBX_10_only_the_round_is_named(void **state)
{
	assert_named(state,
		"local function help() return 1 end\nlocal function walk() help()\nreturn 1 + walk() end\nlocal function "
		"begin() return 1 + walk() end begin()",
		"entry.lua:3: stack overflow: 'walk' (entry.lua:2)" TOO_DEEP);
}

static void SBX_10_many_functions(void **state)
{
	assert_named(state,
		"local f = {}\nfunction f.a() return 1 + f.b() end\nfunction f.b() return 1 + f.c() end\nfunction f.c() return "
		"1 "
		"+ f.d() end\nfunction f.d() return 1 + f.e() end\nfunction f.e() return 1 + f.a() end f.a()",
		"entry.lua:2: stack overflow: 'a' (entry.lua:2), 'b' (entry.lua:3), 'c' (entry.lua:4), 'd' (entry.lua:5) … "
		"call "
		"each other without end, or too deep");
}

static void SBX_10_the_stack_of_C(void **state)
{
	assert_named(state, "local t = setmetatable({}, {\n__index = function(t, k) return t[k] end }) return t.x",
		"entry.lua:2: stack overflow: metamethod 'index' (entry.lua:2)" TOO_DEEP);
	assert_named(state, "local function f(s)\nreturn (s:gsub('.', f)) end f 'x'",
		"entry.lua:2: stack overflow: the function at entry.lua:1" TOO_DEEP);
}

static void SBX_10_in_a_coroutine(void **state)
{
	assert_named(state, "local function walk() return 1 + walk() end\ncoroutine.wrap(walk)()",
		"entry.lua:2: entry.lua:1: stack overflow: 'walk' (entry.lua:1)" TOO_DEEP);
	assert_named(state,
		"local t = setmetatable({}, { __index = function(t, k) return t[k] end })\ncoroutine.wrap(function() return "
		"t.x "
		"end)()",
		"entry.lua:2: entry.lua:1: stack overflow: metamethod 'index' (entry.lua:1)" TOO_DEEP);
	assert_named(state, "local function f()\ncoroutine.wrap(f)() end f()", "entry.lua:2: C stack overflow");
}

/* A script that catches the error goes on, and calls as deep as that have ended. */
static void SBX_10_a_caught_overflow_is_over(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(handle(fixture, "local function walk() return 1 + walk() end\n"
									 "local ok, first = pcall(walk)\n"
									 "local same, second = xpcall(walk, function(e) return e:match '^[^\\n]*' end)\n"
									 "local text = ('x'):rep(2 << 20)\n" /* a block that has the depth looked at */
									 "assert(not ok and not same and #text == 2 << 20)\n"
									 "return { status = 200, body = tostring(first == second) .. first:sub(1, 27) }"),
		0);
	assert_body(fixture, "trueentry.lua:1: stack overflow");
}

static void SBX_10_deep_calls_that_end_are_not_refused(void **state)
{
	assert_int_equal(handle(*state, "local function count(n) if n == 0 then return 0 end return 1 + count(n - 1) end\n"
									"return { status = 200, body = tostring(count(9000)) }"),
		0);
	assert_body(*state, "9000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(SBX_10_the_stack_of_Lua),
		CASE(SBX_10_only_the_round_is_named),
		CASE(SBX_10_many_functions),
		CASE(SBX_10_the_stack_of_C),
		CASE(SBX_10_in_a_coroutine),
		CASE(SBX_10_a_caught_overflow_is_over),
		CASE(SBX_10_deep_calls_that_end_are_not_refused),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
