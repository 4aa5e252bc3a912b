/* Which origins are due to be made ready. */
#include "client/warm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_origin_is_due_once_in_a_minute(void **state)
{
	struct pa_warm *warm = pa_warm_new();

	(void)state;
	assert_non_null(warm);
	assert_true(pa_warm_take(warm, "https://id.segmentapis.com", 5));
	assert_false(pa_warm_take(warm, "https://id.segmentapis.com", 5));
	assert_false(pa_warm_take(warm, "https://id.segmentapis.com", 60004));
	assert_true(pa_warm_take(warm, "https://id.example", 60004));
	assert_true(pa_warm_take(warm, "https://id.segmentapis.com", 60005));
	assert_false(pa_warm_take(warm, "https://id.segmentapis.com", 60006));
	pa_warm_free(warm);
}

static void a_ninth_origin_takes_the_place_of_the_oldest(void **state)
{
	struct pa_warm *warm = pa_warm_new();
	char origin[32];

	(void)state;
	assert_non_null(warm);
	for (int i = 0; i < 9; i++) {
		snprintf(origin, sizeof origin, "https://%d.example", i);
		assert_true(pa_warm_take(warm, origin, 1000 + i));
	}
	for (int i = 1; i < 9; i++) {
		snprintf(origin, sizeof origin, "https://%d.example", i);
		assert_false(pa_warm_take(warm, origin, 2000));
	}
	assert_true(pa_warm_take(warm, "https://0.example", 2000));
	pa_warm_free(warm);
}

static void what_is_too_long_is_never_due(void **state)
{
	struct pa_warm *warm = pa_warm_new();
	char origin[400];

	(void)state;
	assert_non_null(warm);
	memset(origin, 'a', sizeof origin - 1);
	origin[sizeof origin - 1] = '\0';
	assert_false(pa_warm_take(warm, origin, 1));
	pa_warm_free(warm);
	pa_warm_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_origin_is_due_once_in_a_minute),
		cmocka_unit_test(a_ninth_origin_takes_the_place_of_the_oldest),
		cmocka_unit_test(what_is_too_long_is_never_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
