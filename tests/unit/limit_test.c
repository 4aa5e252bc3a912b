/* Token buckets: how many tokens there are, when there are more, and that the table keeps its size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "native/limit.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

/* How many of `count` tokens can be taken at that time. */
static int through(struct pa_limit *limit, const char *key, int count, int64_t now_ms)
{
	int went = 0;

	for (int i = 0; i < count; i++)
		went += pa_limit_take(limit, span(key), 2, 10, now_ms) <= 0;
	return went;
}

static void HT_27_a_bucket_empties_and_fills(void **state)
{
	(void)state;
	struct pa_limit *limit = pa_limit_open();

	assert_non_null(limit);
	assert_int_equal(through(limit, "a", 100, 1000), 10);
	assert_int_equal(through(limit, "b", 100, 1000), 10);
	double wait = pa_limit_take(limit, span("a"), 2, 10, 1000);
	assert_true(wait > 0.49 && wait <= 0.5);
	assert_int_equal(through(limit, "a", 100, 1499), 0);
	assert_int_equal(through(limit, "a", 100, 1500), 1);
	assert_int_equal(through(limit, "a", 100, 4000), 5);
	assert_int_equal(through(limit, "a", 100, 1000000), 10);
	assert_int_equal(through(limit, "a", 100, 1), 0); /* a clock that goes back adds no tokens */
	pa_limit_close(limit);
}

static void HT_27_many_keys_take_no_more_memory_and_the_newest_stay(void **state)
{
	(void)state;
	struct pa_limit *limit = pa_limit_open();
	char key[32];
	int kept = 0;

	assert_non_null(limit);
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof key, "key %d", i);
		assert_true(pa_limit_take(limit, span(key), 1, 1, i) <= 0);
	}
	for (int i = 99900; i < 100000; i++) {
		snprintf(key, sizeof key, "key %d", i);
		kept += pa_limit_take(limit, span(key), 1, 1, 100000) > 0;
	}
	assert_true(kept >= 95);
	pa_limit_close(limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(HT_27_a_bucket_empties_and_fills),
		cmocka_unit_test(HT_27_many_keys_take_no_more_memory_and_the_newest_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
