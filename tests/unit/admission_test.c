/* Admission: which requests wait, and for how long. */
#include "base/admission.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Waits outside */

struct calls {
	struct crowd crowd;
	pthread_mutex_t mutex;
	pthread_cond_t added;
	struct pa_admission_turn *turns[MANY]; /* of those that wait outside */
	size_t count;
	int answer; /* written before a wait ends, read after it */
};

static void *visit_with_calls(void *context)
{
	struct calls *calls = context;
	struct pa_admission_turn turn;

	pa_admission_turn_init(&turn);
	pa_admission_enter(calls->crowd.admission);
	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&calls->mutex);
		calls->turns[calls->count++] = &turn;
		pthread_cond_signal(&calls->added);
		pthread_mutex_unlock(&calls->mutex);
		pa_admission_wait(calls->crowd.admission, &turn);
		assert_true(calls->answer > 0);
	}
	pa_admission_leave(calls->crowd.admission);
	pa_admission_turn_destroy(&turn);
	atomic_fetch_add(&calls->crowd.served, 1);
	return NULL;
}

/* Lets all that wait come back, `rounds` times `at_least` of them at once. */
static void answer_all(struct calls *calls, size_t rounds, size_t at_least)
{
	struct pa_admission_turn *turns[MANY];

	for (size_t i = 0; i < rounds; i++) {
		pthread_mutex_lock(&calls->mutex);
		while (calls->count < at_least)
			pthread_cond_wait(&calls->added, &calls->mutex);
		memcpy(turns, calls->turns, at_least * sizeof *turns);
		calls->count = 0;
		if (i == 0)
			calls->answer = 1; /* all threads wait */
		pthread_mutex_unlock(&calls->mutex);
		for (size_t j = 0; j < at_least; j++)
			pa_admission_come_back(calls->crowd.admission, turns[j]);
	}
}

/* All wait outside at the same time, three times: if one could not come back, or one that waits held the others up, the
 * test would hang. */
static void those_that_wait_outside_let_others_in_and_come_back(void **state)
{
	struct calls calls = {.mutex = PTHREAD_MUTEX_INITIALIZER, .added = PTHREAD_COND_INITIALIZER};
	pthread_t threads[MANY];

	(void)state;
	calls.crowd.admission = pa_admission_open();
	assert_non_null(calls.crowd.admission);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, visit_with_calls, &calls), 0);
	answer_all(&calls, 3, MANY);
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	pa_admission_close(calls.crowd.admission);
	assert_int_equal(calls.crowd.served, MANY);
}

static void a_thread_that_is_called_back_before_it_waits_does_not_wait(void **state)
{
	struct pa_admission *admission = pa_admission_open();
	struct pa_admission_turn turn;

	(void)state;
	assert_non_null(admission);
	pa_admission_turn_init(&turn);
	pa_admission_enter(admission);
	pa_admission_come_back(admission, &turn);
	pa_admission_wait(admission, &turn);
	pa_admission_leave(admission);
	pa_admission_close(admission);
	pa_admission_come_back(NULL, &turn);
	pa_admission_wait(NULL, &turn);
	pa_admission_turn_destroy(&turn);
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
		cmocka_unit_test(those_that_wait_outside_let_others_in_and_come_back),
		cmocka_unit_test(a_thread_that_is_called_back_before_it_waits_does_not_wait),
		cmocka_unit_test(closing_null_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
