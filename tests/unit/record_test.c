/* Log lines for a person: what is where, and what is folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/record.h"
#include "base/trail.h"

static struct pa_line line;

/* The line of a record without its time. */
static const char *text_of(const struct pa_record *record)
{
	pa_record_write(record, PA_LINE_TEXT, &line);
	line.bytes[line.length] = '\0';
	return line.bytes + strlen("12:34:56 ");
}

static struct pa_log_field field(const char *name, const char *text)
{
	return (struct pa_log_field){name, text, strlen(text), false};
}

static void LG_02_the_order_is_always_the_same(void **state)
{
	const struct pa_log_field fields[] = {field("alpha", "1"), field("error", "init.lua:8: no"),
		field("route", "GET /boom"), field("traceback", "stack traceback:\n\tinit.lua:8: in upvalue 'load'"),
		field("zeta", "2")};
	const struct pa_record record = {PA_LOG_ERROR, "app", "id-1", pa_text_span("a script failed"), fields, 5};

	(void)state;
	assert_string_equal(text_of(&record),
		"error app: GET /boom: a script failed: init.lua:8: no  alpha=1  zeta=2  id-1\n    init.lua:8: in upvalue "
		"'load'\n");
	const struct pa_record plain = {.level = PA_LOG_INFO, .message = pa_text_span("hello")};
	assert_string_equal(text_of(&plain), "info: hello\n");
}

static void LG_02_frames_of_the_library_are_folded(void **state)
{
	const struct pa_log_field trace = field("traceback",
		"stack traceback:\n\t[C]: in global 'error'\n\tpartnerapp/http.lua:1: in f\n\tpartnerapp/http.lua:2: in g\n"
		"\tinit.lua:3: in h\n\t...\t(skipping 7 levels)\n\tpartnerapp/web/dispatch.lua:4: in i\n\t(...tail calls...)\n"
		"\t[C]: in ?");
	const struct pa_record record = {PA_LOG_ERROR, NULL, NULL, pa_text_span("m"), &trace, 1};

	(void)state;
	assert_string_equal(text_of(&record), "error: m\n    (2 frames of the library)\n    init.lua:3: in h\n"
										  "    ...  (skipping 7 levels)\n    (1 frame of the library)\n");
}

static void LG_02_further_lines_are_below_the_head(void **state)
{
	const struct pa_log_field error = field("error", "init.lua:1: wrong\ninit.lua:2: wrong too");
	const struct pa_record record = {PA_LOG_WARN, "app", "id-1", pa_text_span("one\ntwo"), &error, 1};

	(void)state;
	assert_string_equal(
		text_of(&record), "warn app: one: init.lua:1: wrong  id-1\n    two\n    init.lua:2: wrong too\n");
}

static void LG_01_a_secret_of_two_lines_is_masked_whole(void **state)
{
	const struct pa_record record = {
		.level = PA_LOG_INFO, .message = pa_text_span("key first-half\nsecond-half end\nx")};

	(void)state;
	pa_mask_add("first-half\nsecond-half", strlen("first-half\nsecond-half"));
	assert_string_equal(text_of(&record), "info: key *** end\n    x\n");
}

static void LG_02_a_request_has_its_calls_below(void **state)
{
	struct pa_trail trail = {0};
	struct pa_log_request request = {.server = "app",
		.id = "id-1",
		.method = pa_text_span("GET"),
		.path = pa_text_span("/a"),
		.status = 502,
		.took_ns = 12345678,
		.trail = &trail};
	struct pa_trail_call call = {.method = pa_text_span("POST"),
		.url = pa_text_span("https://api.example/v1?key=not-shown"),
		.status = 201,
		.took_ns = 1000000};

	(void)state;
	pa_trail_add(&trail, &call);
	call.status = 0;
	call.problem = "timeout";
	pa_trail_add(&trail, &call);
	pa_record_write_request(&request, PA_LINE_TEXT, &line);
	line.bytes[line.length] = '\0';
	assert_string_equal(line.bytes + strlen("12:34:56 "),
		"app: GET /a 502 12.3 ms  id-1\n    -> POST https://api.example/v1 201 1.0 ms\n"
		"    -> POST https://api.example/v1 timeout 1.0 ms\n");
	for (int i = 0; i < PA_TRAIL_CALLS; i++)
		pa_trail_add(&trail, &call);
	pa_record_write_request(&request, PA_LINE_TEXT, &line);
	line.bytes[line.length] = '\0';
	assert_non_null(strstr(line.bytes, "\n    (2 more calls)\n"));
	pa_trail_reset(&trail);
	pa_trail_refuse(&trail, "request refused", "not_found", NULL);
	pa_record_write_request(&request, PA_LINE_TEXT, &line);
	line.bytes[line.length] = '\0';
	assert_non_null(strstr(line.bytes, "502 12.3 ms  refused: not_found  id-1\n"));
	pa_trail_refuse(&trail, "install flow refused", "state_wrong", "other browser");
	assert_string_equal(trail.refusal, "install flow refused: state_wrong (other browser)");
	pa_trail_free(&trail);
}

static void a_long_url_fits_and_is_not_cut_inside_a_character(void **state)
{
	struct pa_trail trail = {0};
	char url[600];

	(void)state;
	memset(url, 'a', sizeof url);
	for (size_t i = 1; i + 1 < sizeof url; i += 2)
		memcpy(url + i, "\xc3\xb6", 2);
	const struct pa_trail_call call = {
		.method = pa_text_span("OPTIONS"), .url = {url, sizeof url}, .problem = "bad_response", .took_ns = INT64_MAX};
	struct pa_span address = pa_trail_address(call.url);
	assert_in_range(address.length, 198, 200);
	assert_true(pa_text_is_utf8(address));
	for (int i = 0; i < 2 * PA_TRAIL_CALLS; i++)
		pa_trail_add(&trail, &call);
	assert_in_range(trail.length, 1, PA_TRAIL_BELOW);
	pa_trail_free(&trail);
}

static void colors_end_even_when_the_line_is_cut(void **state)
{
	char *text = malloc(20000);
	struct pa_record record = {PA_LOG_ERROR, "app", "id-1", {text, 0}, NULL, 0};

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 20000);
	for (record.message.length = 8100; record.message.length < 8250; record.message.length++) {
		pa_record_write(&record, PA_LINE_COLOR, &line);
		assert_in_range(line.length, 8000, PA_LINE_MAX);
		line.bytes[line.length] = '\0';
		const char *last = strrchr(line.bytes, '\x1b');
		assert_non_null(last);
		assert_int_equal(strncmp(last, "\x1b[0m", 4), 0);
		assert_int_equal(line.bytes[line.length - 1], '\n');
	}
	record.message = pa_text_span("x");
	pa_record_write(&record, PA_LINE_TEXT, &line);
	line.bytes[line.length] = '\0';
	assert_null(strchr(line.bytes, '\x1b'));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_02_the_order_is_always_the_same),
		cmocka_unit_test(LG_02_frames_of_the_library_are_folded),
		cmocka_unit_test(LG_02_further_lines_are_below_the_head),
		cmocka_unit_test(LG_01_a_secret_of_two_lines_is_masked_whole),
		cmocka_unit_test(LG_02_a_request_has_its_calls_below),
		cmocka_unit_test(a_long_url_fits_and_is_not_cut_inside_a_character),
		cmocka_unit_test(colors_end_even_when_the_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
