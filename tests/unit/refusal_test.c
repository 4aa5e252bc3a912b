/* How many log lines refused requests cause, at times that the test chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/refusal.h"
#include "base/stats.h"

static char text[1 << 20];

/* Standard error goes to a file while `body` runs; what it wrote is in `text`. Returns the number of lines. */
static int logged(void (*body)(int64_t), int64_t now_ms)
{
	char name[] = "/tmp/partnerapp-refusal-XXXXXX";
	int file = mkstemp(name), saved = dup(STDERR_FILENO), lines = 0;

	assert_true(file >= 0 && saved >= 0);
	unlink(name);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	body(now_ms);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	ssize_t length = pread(file, text, sizeof text - 1, 0);
	assert_true(length >= 0);
	text[length] = '\0';
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	close(saved);
	close(file);
	return lines;
}

static void refuse(int count, int64_t now_ms)
{
	const struct pa_refusal refusal = {.server = "app",
		.request_id = "id-1",
		.message = "request refused",
		.status = 403,
		.reason = "cross_site",
		.peer = "192.0.2.1"};

	for (int i = 0; i < count; i++)
		pa_refusal_log(&refusal, now_ms);
}

static void one(int64_t now_ms)
{
	refuse(1, now_ms);
}

static void thousand(int64_t now_ms)
{
	refuse(1000, now_ms);
}

static void end(int64_t now_ms)
{
	(void)now_ms;
	pa_refusal_end();
}

static void LG_03_a_client_causes_so_many_lines_and_no_more(void **state)
{
	(void)state;
	long before = pa_stats_read(PA_STAT_REFUSALS_UNLOGGED);

	assert_int_equal(logged(one, 1000000), 1);
	assert_non_null(strstr(text, "\"level\":\"info\",\"server\":\"app\",\"request_id\":\"id-1\","
								 "\"message\":\"request refused\",\"status\":403,\"reason\":\"cross_site\","
								 "\"peer\":\"192.0.2.1\"}\n"));
	assert_int_equal(logged(thousand, 1000000), 99);
	assert_null(strstr(text, "left_out"));
	assert_int_equal(logged(thousand, 1000000), 0);
	assert_int_equal(pa_stats_read(PA_STAT_REFUSALS_UNLOGGED) - before, 1901);
	assert_int_equal(logged(thousand, 1001000), 10);
	char *first = strstr(text, "\"left_out\":1901}\n");
	assert_non_null(first);
	assert_null(strstr(first + 10, "left_out"));
	assert_int_equal(logged(end, 0), 1);
	assert_non_null(strstr(text, "\"left_out\":990}\n"));
	assert_int_equal(logged(end, 0), 0);
	assert_int_equal(logged(one, 1002000), 1);
	assert_null(strstr(text, "left_out"));
}

static void unavailable(int64_t now_ms)
{
	const struct pa_refusal refusal = {.server = "app",
		.request_id = "id-2",
		.message = "request refused",
		.status = 503,
		.reason = pa_refusal_reason(503),
		.detail = "the server is busy"};

	pa_refusal_log(&refusal, now_ms);
}

static void LG_03_an_answer_of_500_and_above_is_a_warning(void **state)
{
	(void)state;
	assert_int_equal(logged(unavailable, 1100000), 1);
	assert_non_null(strstr(text, "\"level\":\"warn\",\"server\":\"app\",\"request_id\":\"id-2\","
								 "\"message\":\"request refused\",\"status\":503,\"reason\":\"unavailable\","
								 "\"detail\":\"the server is busy\"}\n"));
}

static void LG_03_each_status_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(pa_refusal_reason(421), "other_host");
	assert_string_equal(pa_refusal_reason(404), "not_found");
	assert_string_equal(pa_refusal_reason(499), "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_03_a_client_causes_so_many_lines_and_no_more),
		cmocka_unit_test(LG_03_an_answer_of_500_and_above_is_a_warning),
		cmocka_unit_test(LG_03_each_status_has_a_word),
	};

	pa_log_open(PA_LOG_INFO, PA_LINE_JSON);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
