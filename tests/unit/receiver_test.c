/* The answer of a call out, as it comes: what its limits and a lack of memory are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "client/receiver.h"

enum { LARGE = 20 << 10 }; /* more than is not counted */

static char bytes[LARGE];

static int tear_down(void **state)
{
	(void)state;
	pa_memory_limit(0);
	return 0;
}

static void begin(struct pa_receiver *receiver, size_t bytes_max)
{
	char line[] = "HTTP/1.1 200 OK\r\n", end[] = "\r\n";

	pa_receiver_reset(receiver, bytes_max);
	assert_int_equal(pa_receiver_head(receiver, line, strlen(line)), 0);
	assert_int_equal(pa_receiver_head(receiver, end, strlen(end)), 0);
}

static void assert_explained(const struct pa_receiver *receiver, const char *code, const char *text)
{
	struct pa_error error;

	assert_int_equal(pa_receiver_explain(receiver, "https://a.example", &error), -1);
	assert_string_equal(error.code, code);
	assert_string_equal(error.text, text);
}

static void SS_06_a_body_beyond_the_limit_is_too_large(void **state)
{
	struct pa_receiver receiver = {0};

	(void)state;
	begin(&receiver, LARGE - 1);
	assert_int_equal(pa_receiver_body(&receiver, bytes, LARGE), -1);
	assert_explained(&receiver, "too_large", "the answer is larger than 20479 bytes");
	pa_receiver_free(&receiver);
}

static void SBX_09_a_body_without_memory_is_not_too_large(void **state)
{
	struct pa_receiver receiver = {0};

	(void)state;
	begin(&receiver, LARGE);
	pa_memory_limit(1);
	assert_int_equal(pa_receiver_body(&receiver, bytes, LARGE), -1);
	assert_explained(&receiver, "http", "not enough memory for the answer of https://a.example");
	pa_memory_limit(0);
	begin(&receiver, LARGE);
	assert_int_equal(pa_receiver_body(&receiver, bytes, LARGE), 0);
	assert_int_equal(pa_receiver_end(&receiver), 0);
	pa_receiver_free(&receiver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(SS_06_a_body_beyond_the_limit_is_too_large, tear_down),
		cmocka_unit_test_teardown(SBX_09_a_body_without_memory_is_not_too_large, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
