/* Values that VMs share: one for each name, limited, used by many threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "native/shared.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

static void assert_kept(struct pa_shared *memory, const char *name, const char *value)
{
	size_t length = 0;
	char *copy = pa_shared_get(memory, span(name), &length);

	if (!value) {
		assert_null(copy);
		return;
	}
	assert_non_null(copy);
	assert_int_equal(length, strlen(value));
	assert_memory_equal(copy, value, length);
	free(copy);
}

static void one_value_a_name(void **state)
{
	(void)state;
	struct pa_shared *memory = pa_shared_open();

	assert_non_null(memory);
	assert_kept(memory, "a", NULL);
	pa_shared_drop(memory, span("a"));
	assert_int_equal(pa_shared_put(memory, span("a"), span("one")), 0);
	assert_int_equal(pa_shared_put(memory, span("ab"), span("")), 0);
	assert_int_equal(pa_shared_put(memory, span("a"), span("two")), 0);
	assert_kept(memory, "a", "two");
	assert_kept(memory, "ab", "");
	pa_shared_drop(memory, span("a"));
	assert_kept(memory, "a", NULL);
	assert_kept(memory, "ab", "");
	pa_shared_close(memory);
}

static void RT_06_too_long_and_too_many_values_are_refused(void **state)
{
	(void)state;
	static char large[(48 << 10) + 1];
	struct pa_shared *memory = pa_shared_open();
	char name[16];
	int kept = 0;

	assert_non_null(memory);
	assert_int_equal(pa_shared_put(memory, span("a"), (struct pa_span){large, sizeof large}), -1);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "%d", i);
		kept += pa_shared_put(memory, span(name), span("x")) == 0;
	}
	assert_int_equal(kept, 1000);
	assert_int_equal(pa_shared_put(memory, span("7"), span("again")), 0);
	pa_shared_drop(memory, span("8"));
	assert_int_equal(pa_shared_put(memory, span("new"), span("x")), 0);
	pa_shared_close(memory);
}

static void *use(void *context)
{
	struct pa_shared *memory = context;
	size_t length;

	for (int i = 0; i < 2000; i++) {
		pa_shared_put(memory, span(i % 2 ? "a" : "b"), span("value"));
		free(pa_shared_get(memory, span("a"), &length));
		pa_shared_drop(memory, span("b"));
	}
	return NULL;
}

static void from_many_threads(void **state)
{
	(void)state;
	struct pa_shared *memory = pa_shared_open();
	pthread_t threads[4];

	assert_non_null(memory);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, memory), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_kept(memory, "a", "value");
	pa_shared_close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_a_name),
		cmocka_unit_test(RT_06_too_long_and_too_many_values_are_refused),
		cmocka_unit_test(from_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
