/* Admission: which requests wait, and for how long. */
#include "script/admission.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 64 };

struct crowd {
	struct pa_admission *admission;
	atomic_int inside, most, served;
	pthread_barrier_t *all_inside; /* NULL: a request does not wait for the others */
};

static void note_most(struct crowd *crowd, int now)
{
	int most = atomic_load(&crowd->most);

	while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
		;
}

static void *visit(void *context)
{
	struct crowd *crowd = context;

	pa_admission_enter(crowd->admission);
	note_most(crowd, atomic_fetch_add(&crowd->inside, 1) + 1);
	if (crowd->all_inside)
		pthread_barrier_wait(crowd->all_inside);
	atomic_fetch_sub(&crowd->inside, 1);
	pa_admission_leave(crowd->admission);
	atomic_fetch_add(&crowd->served, 1);
	return NULL;
}

static void run_crowd(struct crowd *crowd)
{
	pthread_t threads[MANY];

	crowd->admission = pa_admission_open();
	assert_non_null(crowd->admission);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, visit, crowd), 0);
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	pa_admission_close(crowd->admission);
	assert_int_equal(crowd->served, MANY);
	assert_int_equal(crowd->inside, 0);
}

/* Each request waits until all have entered: if one could not enter, the test would hang. */
static void waiting_requests_let_all_others_enter(void **state)
{
	pthread_barrier_t all_inside;
	struct crowd crowd = {.all_inside = &all_inside};

	(void)state;
	assert_int_equal(pthread_barrier_init(&all_inside, NULL, MANY), 0);
	run_crowd(&crowd);
	pthread_barrier_destroy(&all_inside);
	assert_int_equal(crowd.most, MANY);
}

static void all_requests_run_when_each_is_quick(void **state)
{
	struct crowd crowd = {0};

	(void)state;
	run_crowd(&crowd);
	assert_true(crowd.most >= 1);
}

static void closing_null_does_nothing(void **state)
{
	(void)state;
	pa_admission_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_requests_let_all_others_enter),
		cmocka_unit_test(all_requests_run_when_each_is_quick),
		cmocka_unit_test(closing_null_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
