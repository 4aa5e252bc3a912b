/* Log lines: masked secrets, escaped bytes, lines that are cut. */
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
#include "base/mask.h"

static char line[16384];

/* Writes one line and reads it back from standard error. */
static const char *logged_with(const char *message, const struct pa_log_field *fields, size_t count)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_true(saved >= 0);
	assert_return_code(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	pa_log_fields(PA_LOG_INFO, "test", "id-1", message, strlen(message), fields, count);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	length = read(ends[0], line, sizeof line - 1);
	close(ends[0]);
	line[length > 0 ? length : 0] = '\0';
	return line;
}

static const char *logged(const char *message)
{
	return logged_with(message, NULL, 0);
}

static void mask(const char *secret)
{
	pa_mask_add(secret, strlen(secret));
}

static void LG_01_secrets_are_masked_in_every_place(void **state)
{
	(void)state;
	assert_non_null(strstr(logged("before kept-secret-1 after"), "kept-secret-1"));
	mask("kept-secret-1");
	assert_null(strstr(logged("before kept-secret-1 after"), "kept-secret-1"));
	assert_non_null(strstr(logged("before kept-secret-1 after"), "before *** after"));
	assert_non_null(strstr(logged("kept-secret-1kept-secret-1"), "\"******\""));
	assert_non_null(strstr(logged("xkept-secret-1"), "\"x***\""));
	assert_non_null(strstr(logged("kept-secret-2"), "kept-secret-2"));
}

static void LG_01_of_two_secrets_the_longer_one_is_masked(void **state)
{
	(void)state;
	mask("prefix-");
	mask("prefix-and-more");
	mask("prefix-and");
	assert_non_null(strstr(logged("[prefix-and-more]"), "[***]"));
	assert_non_null(strstr(logged("[prefix-]"), "[***]"));
}

static void short_strings_are_not_masked(void **state)
{
	(void)state;
	mask("abcde");
	mask("");
	assert_non_null(strstr(logged("abcde"), "abcde"));
}

static void LG_01_tokens_do_not_replace_settings(void **state)
{
	char token[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(token, sizeof token, "token-%d-of-many", i);
		mask(token);
		if (i % 7 == 0)
			mask(token);
	}
	assert_non_null(strstr(logged("kept-secret-1"), "\"***\""));
	assert_non_null(strstr(logged("token-19999-of-many token-17000-of-many"), "\"*** ***\""));
	assert_non_null(strstr(logged("token-9000-of-many"), "token-9000-of-many"));
}

static void LG_02_any_bytes_make_one_line(void **state)
{
	(void)state;
	assert_string_equal(strchr(logged("a\r\nb\x1b[31m\"\\ \xff"), ','),
		",\"level\":\"info\",\"server\":\"test\",\"request_id\":\"id-1\","
		"\"message\":\"a\\u000d\\nb\\u001b[31m\\\"\\\\ \xef\xbf\xbd\"}\n");
}

/* Overlong forms, surrogates, values above U+10FFFF: a reader of the log would take the line for broken. */
static void LG_02_what_is_not_utf8_is_replaced(void **state)
{
	static const char *const bad[] = {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80",
		"\xe2\x82"};
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(wanted, sizeof wanted, ",\"message\":\"");
		for (size_t byte = 0; byte < strlen(bad[i]); byte++)
			strcat(wanted, "\xef\xbf\xbd");
		strcat(wanted, "\"}\n");
		assert_string_equal(strstr(logged(bad[i]), ",\"message\""), wanted);
	}
	assert_non_null(strstr(logged("\xc3\xb6 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xb6 \xe2\x82\xac \xf0\x9f\x98\x80"));
	assert_non_null(strstr(logged("\xc2\x9b"
								  "31m"),
		"\\u009b31m"));
}

static void LG_02_names_of_fields_are_escaped_too(void **state)
{
	const struct pa_log_field field = {"a\n\"\x1b[31m", "1", 1, false};

	(void)state;
	assert_non_null(strstr(logged_with("m", &field, 1), ",\"a\\n\\\"\\u001b[31m\":\"1\"}\n"));
}

/* A line that was cut is still JSON: each field is whole, cut in its value, or left out. */
static void LG_02_fields_after_a_long_one_are_left_out_whole(void **state)
{
	char *text = malloc(9001);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 9000);
	for (size_t length = 7900; length < 8200; length++) {
		const struct pa_log_field fields[] = {
			{"error", text, length, false}, {"number", "1234567890", 10, true}, {"traceback", text, 20, false}};
		logged_with("m", fields, 3);
		const char *behind = strstr(line, "a\"") + 2;
		if (strncmp(behind, ",\"number\":1234567890", 20) == 0)
			behind += 20;
		if (strncmp(behind, ",\"traceback\":\"a", 15) == 0)
			behind = strstr(behind + 15, "a\"") + 2;
		assert_string_equal(behind, "}\n");
	}
	free(text);
}

static void a_long_line_is_cut_and_closed(void **state)
{
	char *text = malloc(20001);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 20000);
	text[20000] = '\0';
	logged(text);
	size_t length = strlen(line);
	assert_in_range(length, 8000, 8192);
	assert_string_equal(line + length - 3, "\"}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_01_secrets_are_masked_in_every_place),
		cmocka_unit_test(LG_01_of_two_secrets_the_longer_one_is_masked),
		cmocka_unit_test(short_strings_are_not_masked),
		cmocka_unit_test(LG_01_tokens_do_not_replace_settings),
		cmocka_unit_test(LG_02_any_bytes_make_one_line),
		cmocka_unit_test(LG_02_what_is_not_utf8_is_replaced),
		cmocka_unit_test(LG_02_names_of_fields_are_escaped_too),
		cmocka_unit_test(LG_02_fields_after_a_long_one_are_left_out_whole),
		cmocka_unit_test(a_long_line_is_cut_and_closed),
	};

	pa_log_open(PA_LOG_INFO, PA_LINE_JSON);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
