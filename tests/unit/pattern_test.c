/* The cost of patterns: everyday ones pass on large strings, catastrophic ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "script/pattern.h"

static const double LIMIT = 4294967296.0;

static double cost(const char *pattern, size_t subject)
{
	return pa_pattern_cost(pattern, strlen(pattern), subject, true);
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

/* A set is looked through for each byte, a literal is compared from each, a long capture for each of its lengths. */
static void SBX_07_the_length_of_a_pattern_counts(void **state)
{
	char set[10000], literal[10000];

	(void)state;
	memset(set, 'a', sizeof set);
	set[0] = '[', set[sizeof set - 1] = ']';
	memset(literal, 'a', sizeof literal);
	assert_true(pa_pattern_cost(set, sizeof set, 1 << 20, true) > LIMIT);
	assert_true(pa_pattern_cost(literal, sizeof literal, 1 << 20, true) > LIMIT);
	assert_true(pa_pattern_cost(literal, sizeof literal, 1000, true) < LIMIT);
	assert_true(cost("^(a*)%1b", 1 << 17) > LIMIT);
	assert_true(cost("([\"'])[^\n]%1", 1 << 20) < LIMIT);
	/* A NUL is an ordinary byte, which does not hide the repetition after it. */
	static const char zeros[] = "\0*\0*\0*\0*b";
	assert_true(pa_pattern_cost(zeros, sizeof zeros - 1, 4096, true) > LIMIT);
}

static void SBX_07_what_takes_long_in_other_ways_is_costly(void **state)
{
	(void)state;
	/* gmatch takes a '^' for a byte: the pattern is tried from every start. */
	assert_true(pa_pattern_cost("^^*^*b", 6, 60000, true) < LIMIT);
	assert_true(pa_pattern_cost("^^*^*b", 6, 60000, false) > LIMIT);
	/* "%1*" is a back reference and a '*', which may fail. */
	assert_true(cost("^(a)a*a*a*%1*", 4096) > LIMIT);
	/* %Z is every byte but NUL. */
	assert_true(cost("^%Z*a%Z*a%Z*a%Z*b", 4096) > LIMIT);
	/* From one x, a walk over the same bytes begins at every end of ".*". */
	assert_true(cost("x.*a*b", 60000) > LIMIT);
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
		bool whole = pa_pattern_cost(pattern, length, subject, true) > LIMIT;
		assert_int_equal(pa_pattern_is_costly(pattern, length, subject, true), whole);
		assert_int_equal(
			pa_pattern_is_costly(pattern, length, 0, true), pa_pattern_cost(pattern, length, 0, true) > LIMIT);
		dear += whole;
	}
	assert_in_range(dear, 100, 19900); /* both kinds were among them */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyday_patterns_are_cheap),
		cmocka_unit_test(SBX_07_catastrophic_patterns_are_costly),
		cmocka_unit_test(SBX_07_what_takes_long_in_other_ways_is_costly),
		cmocka_unit_test(malformed_patterns_are_read_within_bounds),
		cmocka_unit_test(SBX_07_the_fast_test_refuses_what_the_estimate_refuses),
		cmocka_unit_test(SBX_07_the_length_of_a_pattern_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
