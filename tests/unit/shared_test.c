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

#include "base/memory.h"
#include "native/shared.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

static void assert_kept(struct pa_shared *memory, const char *name, const char *value)
{
	struct pa_buffer copy = {0};

	assert_int_equal(pa_shared_get(memory, span(name), &copy), value != NULL);
	assert_int_equal(copy.length, value ? strlen(value) : 0);
	if (copy.length > 0)
		assert_memory_equal(copy.at, value, copy.length);
	pa_buffer_free(&copy);
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

/* A token that only this memory has must not look as if there were none. */
static void RT_06_a_value_that_cannot_be_copied_is_not_absent(void **state)
{
	(void)state;
	static char large[20 << 10];
	struct pa_shared *memory = pa_shared_open();
	struct pa_buffer copy = {0};

	assert_non_null(memory);
	assert_int_equal(pa_shared_put(memory, span("a"), (struct pa_span){large, sizeof large}), 0);
	pa_memory_limit(1);
	assert_int_equal(pa_shared_get(memory, span("a"), &copy), -1);
	pa_memory_limit(0);
	assert_int_equal(pa_shared_get(memory, span("a"), &copy), 1);
	assert_int_equal(copy.length, sizeof large);
	pa_buffer_free(&copy);
	pa_shared_close(memory);
}

static void *use(void *context)
{
	struct pa_shared *memory = context;
	struct pa_buffer copy = {0};

	for (int i = 0; i < 2000; i++) {
		pa_shared_put(memory, span(i % 2 ? "a" : "b"), span("value"));
		pa_shared_get(memory, span("a"), &copy);
		pa_shared_drop(memory, span("b"));
	}
	pa_buffer_free(&copy);
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
		cmocka_unit_test(RT_06_a_value_that_cannot_be_copied_is_not_absent),
		cmocka_unit_test(from_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
