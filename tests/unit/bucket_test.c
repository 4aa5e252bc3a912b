/* A token bucket, at times that the test chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bucket.h"

/* How many of `count` tokens can be taken at that time. */
static int through(struct pa_bucket *bucket, int count, double per_second, double burst, int64_t now_ms)
{
	int went = 0;

	for (int i = 0; i < count; i++)
		went += pa_bucket_take(bucket, per_second, burst, now_ms) <= 0;
	return went;
}

static void SS_10_HT_27_a_second_has_its_tokens_and_no_more(void **state)
{
	struct pa_bucket bucket = {0};

	(void)state;
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 1000000), 2000);
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 1000000), 0);
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 1000001), 2);
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 1000500), 998);
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 1000000), 0); /* a clock that goes back */
	assert_int_equal(through(&bucket, 5000, 2000, 2000, 9000000), 2000);
}

static void SS_10_HT_27_what_was_refused_costs_nothing(void **state)
{
	struct pa_bucket bucket = {0};

	(void)state;
	assert_int_equal(through(&bucket, 1, 1, 1, 1000), 1);
	for (int64_t ms = 1000; ms < 2000; ms += 50)
		assert_int_equal(through(&bucket, 10, 1, 1, ms), 0);
	assert_int_equal(through(&bucket, 10, 1, 1, 2000), 1);
}

static void SS_10_HT_27_the_wait_is_until_the_next_token(void **state)
{
	struct pa_bucket bucket = {0};

	(void)state;
	assert_int_equal(through(&bucket, 10, 2, 10, 1000), 10);
	double wait = pa_bucket_take(&bucket, 2, 10, 1000);
	assert_true(wait > 0.4999 && wait < 0.5001);
	wait = pa_bucket_take(&bucket, 2, 10, 1400);
	assert_true(wait > 0.0999 && wait < 0.1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SS_10_HT_27_a_second_has_its_tokens_and_no_more),
		cmocka_unit_test(SS_10_HT_27_what_was_refused_costs_nothing),
		cmocka_unit_test(SS_10_HT_27_the_wait_is_until_the_next_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
