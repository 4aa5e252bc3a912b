/* A bell: a ring ends the wait, also one that begins later; a wait ends after its time. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/bell.h"

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_ring_before_the_wait_ends_one_wait(void **state)
{
	(void)state;
	struct pa_bell *bell = pa_bell_open();
	long begun = milliseconds();

	assert_non_null(bell);
	pa_bell_ring(bell);
	pa_bell_ring(bell);
	pa_bell_wait(bell, -1);
	assert_true(milliseconds() - begun < 1000);
	begun = milliseconds();
	pa_bell_wait(bell, 50);
	assert_true(milliseconds() - begun >= 49);
	pa_bell_wait(bell, 0);
	pa_bell_close(bell);
	pa_bell_close(NULL);
}

struct waiter {
	struct pa_bell *bell;
	atomic_int woken;
};

static void *wait_for_it(void *context)
{
	struct waiter *waiter = context;

	pa_bell_wait(waiter->bell, -1);
	atomic_fetch_add(&waiter->woken, 1);
	return NULL;
}

static void a_ring_ends_an_unlimited_wait(void **state)
{
	(void)state;
	struct waiter waiter = {.bell = pa_bell_open()};
	pthread_t thread;

	assert_non_null(waiter.bell);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &waiter), 0);
	pa_bell_ring(waiter.bell);
	pthread_join(thread, NULL);
	assert_int_equal(waiter.woken, 1);
	pa_bell_close(waiter.bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_before_the_wait_ends_one_wait),
		cmocka_unit_test(a_ring_ends_an_unlimited_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
