/* Scripts that use up their time inside C functions: each ends, and its VM is told as spent. */
#include "vm_fixture.h"

static void SBX_04_loops_in_C_end(void **state)
{
	static const char *const loops[] = {"table.move({}, 1, 1 << 61, 2)",
		"table.insert(setmetatable({}, { __len = function() return 1 << 61 end }), 1, 0)",
		"table.remove(setmetatable({}, { __len = function() return 1 << 61 end }), 1)",
		/* Functions in C only: no instruction of Lua runs between two of them. */
		"table.sort(setmetatable({}, { __len = function() return (1 << 31) - 2 end, __index = table.pack, __newindex = "
		"rawequal }), rawequal)",
		"local t = {} for i = 1, 100000 do t[i] = '' end "
		"table.concat(setmetatable({}, { __len = function() return 1 << 20 end, __index = function() return '' end }), "
		"'', 1, 1 << 61)",
		"local long = {} for i = 1, 100000 do long[i] = '' end "
		"string.gsub(('x'):rep(1 << 20), '(y?)x', setmetatable(long, { __index = table.concat }))",
		"local t = {} for i = 1, 100000 do t[i] = i end local s = ('x'):rep(1 << 20) "
		"local function keep() for i = 1, 100000 do t[i] = s end end keep() table.sort(t)",
		/* Each round of the chain moves all arguments, and their stack grows. */
		"local t = {} t.__call = t setmetatable(t, t) t()",
		"local t = {} t.__call = t setmetatable(t, t) while true do pcall(t) end", NULL};

	for (size_t i = 0; loops[i]; i++) {
		struct fixture *fixture = *state;
		assert_int_equal(handle(fixture, loops[i]), -1);
		assert_fault(fixture, "time budget spent");
		assert_true(pa_vm_spent(fixture->vm));
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

static void SBX_04_a_spent_vm_still_makes_the_error_page(void **state)
{
	struct fixture *fixture = *state;
	struct pa_request request = get_request();

	assert_int_equal(handle(fixture, "local t = {} t.__call = t setmetatable(t, t) t()"), -1);
	assert_int_equal(pa_vm_fail(fixture->vm, &request, &fixture->response), 0);
	assert_int_equal(fixture->response.status, 500);
	static const char reason[] = "time budget spent"; /* the body does not end with a NUL byte */
	const struct pa_buffer *body = &fixture->response.body;
	assert_non_null(memmem(body->at, body->length, reason, sizeof reason - 1));
}

/* Where the script catches the first error is not where the time went. */
static void the_error_names_the_line_that_spent_it(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(handle(fixture, "local function slow()\nwhile true do end\nend\n"
									 "while true do\npcall(slow)\nend"),
		-1);
	assert_fault(fixture, ":2: time budget spent");
}

static void SBX_07_what_would_run_for_ever_is_done_at_once_or_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		handle(fixture,
			"local a = ('a'):rep(1 << 20) "
			"return { status = 200, body = tostring((a .. a):find(a .. 'b', 1, true)) .. #string.rep('', 1 << "
			"60) .. tostring(pcall(string.match, a, '^(a*)%1b')) }"),
		0);
	assert_body(fixture, "nil0false");
	assert_false(pa_vm_spent(fixture->vm));
}

/* Buffers of C functions ask for memory without collecting garbage first. */
static void SBX_09_garbage_makes_room_for_long_strings(void **state)
{
	static const char *const ways[] = {"('y'):rep(2 << 20)", "table.concat({('y'):rep(1 << 20), ('z'):rep(1 << 20)})",
		"(('y'):rep(1 << 20):gsub('y', 'yy'))", NULL};
	char script[512];

	for (size_t i = 0; ways[i]; i++) {
		struct fixture *fixture = *state;
		snprintf(script, sizeof script,
			"local function fill() local all = {} for i = 1, 5 do all[i] = ('x'):rep(1 << 20) .. i end end "
			"fill() return { status = 200, body = tostring(#%s) }",
			ways[i]);
		int result = handle(fixture, script);
		if (result != 0)
			print_error("%s: %s\n", ways[i], fixture->fault.message);
		assert_int_equal(result, 0);
		assert_body(fixture, "2097152");
		pa_vm_free(fixture->vm);
		fixture->vm = NULL;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(SBX_04_loops_in_C_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(SBX_04_a_spent_vm_still_makes_the_error_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_error_names_the_line_that_spent_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(SBX_09_garbage_makes_room_for_long_strings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(SBX_07_what_would_run_for_ever_is_done_at_once_or_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
