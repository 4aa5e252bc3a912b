/* The cost of patterns: everyday ones pass on large strings, catastrophic ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "script/pattern.h"

static const double LIMIT = 4294967296.0;

static double cost(const char *pattern, size_t subject)
{
	return pa_pattern_cost(pattern, strlen(pattern), subject);
}

static void everyday_patterns_are_cheap(void **state)
{
	(void)state;
	assert_true(cost("[^&]+", 1 << 20) < LIMIT);
	assert_true(cost("([^=&]+)=([^&]*)", 60000) < LIMIT);
	assert_true(cost("^%s*(.-)%s*$", 1500) < LIMIT);
	assert_true(cost("^workspaces/([^/]+)/sources/([^/]+)$", 10000) < LIMIT);
	assert_true(cost("", 1 << 20) < LIMIT);
	assert_true(cost("a?b?c?d?", 1 << 20) < LIMIT);
	assert_true(cost("%d%d%d%d", 1 << 20) < LIMIT);
	assert_true(cost("%s+", 1 << 20) < LIMIT);
	assert_true(cost("^%s+", 1 << 20) < LIMIT);
	assert_true(cost("name=\"([^\"]*)\"", 1 << 20) < LIMIT);
	assert_true(cost("^([^\n]*)\n", 1 << 20) < LIMIT);
	assert_true(cost("%f[%w]%w+", 1 << 20) < LIMIT);
	assert_true(cost("^(%-?%d+%.?%d*[eE]?[+-]?%d*)()", 1 << 20) < LIMIT);
}

static void SBX_07_catastrophic_patterns_are_costly(void **state)
{
	(void)state;
	assert_true(cost(".-.-.-b", 4096) > LIMIT);
	assert_true(cost("^.-.-.-.-b", 4096) > LIMIT);
	assert_true(cost(".*.*.*.*x", 4096) > LIMIT);
	assert_true(cost("([ab]*)([ab]*)([ab]*)c", 4096) > LIMIT);
	assert_true(cost("[]x]*[^]]*[%]]*y", 4096) > LIMIT);
	assert_true(cost("%b()%b()%b()", 65536) > LIMIT);
	/* One way to match, but tried from every start of a string in which it never ends. */
	assert_true(cost("%s+$", 1 << 20) > LIMIT);
	assert_true(cost("a*b", 1 << 20) > LIMIT);
	assert_true(cost("<input([^>]*)>", 1 << 20) > LIMIT);
	assert_true(cost("%b()", 1 << 20) > LIMIT);
	assert_true(cost("\n%s*$", 1 << 20) > LIMIT);
	/* A frontier has no width; a capture may be anything. */
	assert_true(cost("^[^f]-%f[b][^f]-%f[b][^f]-%f[b][^f]-%f[b]Z", 4096) > LIMIT);
	assert_true(cost("^(a*)a*%1a*%1a*%1b", 4096) > LIMIT);
	assert_true(cost("a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b", 40) > LIMIT);
}

static void malformed_patterns_are_read_within_bounds(void **state)
{
	static const char *const patterns[] = {
		"%", "[", "[^", "[%", "[]", "[a", "%b", "%bx", "(", "(((", "*", "+", "[^]", "%f", "%f[", "a*%f", NULL};

	(void)state;
	for (size_t i = 0; patterns[i]; i++)
		assert_true(cost(patterns[i], 100) >= 0);
}

/* The fast test accepts no pattern that the estimate refuses. */
static void SBX_07_the_fast_test_refuses_what_the_estimate_refuses(void **state)
{
	static const char letters[] = "ab.*+-?%[]^()x";
	unsigned seed = 1;
	int dear = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char pattern[24];
		size_t length = 0, subject = 0;
		for (seed = seed * 1103515245 + 12345; length < (seed >> 16) % sizeof pattern; length++) {
			unsigned letter = (seed >> (length % 13)) ^ (unsigned)(length * 2654435761u + (unsigned)i);
			pattern[length] = letters[letter % (sizeof letters - 1)];
		}
		subject = (size_t)1 << (seed >> 8) % 20;
		bool whole = pa_pattern_cost(pattern, length, subject) > LIMIT;
		assert_int_equal(pa_pattern_is_costly(pattern, length, subject), whole);
		assert_int_equal(pa_pattern_is_costly(pattern, length, 0), pa_pattern_cost(pattern, length, 0) > LIMIT);
		dear += whole;
	}
	assert_in_range(dear, 100, 19900); /* both kinds were among them */
}

static int run(lua_State *L, const char *chunk)
{
	luaL_openlibs(L);
	lua_getglobal(L, "string");
	pa_pattern_guard(L);
	lua_pop(L, 1);
	return luaL_dostring(L, chunk);
}

static void SBX_07_a_costly_match_raises_and_a_plain_find_does_not(void **state)
{
	lua_State *L = luaL_newstate();

	(void)state;
	assert_int_equal(run(L, "return string.match(('a'):rep(5000), '.-.-.-b')"), 1);
	assert_non_null(strstr(lua_tostring(L, -1), "may take too long on 5000 bytes"));
	assert_int_equal(run(L, "return ('a'):rep(5000):find('.-.-.-b', 1, true)"), 0);
	assert_int_equal(run(L, "local t = {} for w in ('a b c'):gmatch('%a') do t[#t+1] = w end return #t"), 0);
	assert_int_equal(lua_tointeger(L, -1), 3);
	assert_int_equal(run(L, "return (('x-y'):gsub('-', '+', 1))"), 0);
	assert_string_equal(lua_tostring(L, -1), "x+y");
	lua_close(L);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyday_patterns_are_cheap),
		cmocka_unit_test(SBX_07_catastrophic_patterns_are_costly),
		cmocka_unit_test(malformed_patterns_are_read_within_bounds),
		cmocka_unit_test(SBX_07_the_fast_test_refuses_what_the_estimate_refuses),
		cmocka_unit_test(SBX_07_a_costly_match_raises_and_a_plain_find_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
