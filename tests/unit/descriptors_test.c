/* The descriptors of the process, divided among the servers of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run/descriptors.h"

/* The number after the last "and " of a message. */
static unsigned long number_in(const char *text)
{
	const char *at = strstr(text, "and ");

	assert_non_null(at);
	return strtoul(at + 4, NULL, 10);
}

static void OP_02_the_queue_shrinks_and_then_the_start_is_refused_with_the_number_that_is_needed(void **state)
{
	(void)state;
	struct pa_plan_server servers[2] = {
		{.server.workers = 512, .services.http.calls_max = 384},
		{.server.workers = 128, .services.http.calls_max = 96, .traffic.database = "sqlite-words::memory:"},
	};
	struct pa_error error = {0};

	for (size_t count = 1; count <= 2; count++) {
		struct pa_plan plan = {.servers = servers, .server_count = count};
		assert_int_equal(pa_descriptors_divide(&plan, 1 << 20, &error), 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(servers[i].server.queue, 1024);
		assert_int_equal(pa_descriptors_divide(&plan, 100, &error), -1);
		assert_string_equal(error.code, "usage");
		unsigned long needed = number_in(error.text);
		assert_true(needed > 512);
		assert_int_equal(pa_descriptors_divide(&plan, needed - 1, &error), -1);
		assert_int_equal(pa_descriptors_divide(&plan, needed, &error), 0);
		unsigned least = servers[0].server.queue;
		assert_true(least > 0 && least < 1024);
		assert_int_equal(pa_descriptors_divide(&plan, needed + 100 * count, &error), 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(servers[i].server.queue, least + 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(OP_02_the_queue_shrinks_and_then_the_start_is_refused_with_the_number_that_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
