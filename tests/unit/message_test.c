/* Headers and bodies of responses, buffers, and the head that is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/message.h"
#include "server/head.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

static int tear_down(void **state)
{
	pa_response_free(*state);
	return 0;
}

static int set_up(void **state)
{
	static struct pa_response response;

	response = (struct pa_response){0};
	*state = &response;
	return 0;
}

static void HT_09_header_names_refused(void **state)
{
	static const char *const bad[] = {"", "a b", "a:", "a\r", "a\n", "\xc3\xa9", "(a)", "a\x7f", "Content-Length",
		"CONTENT-LENGTH", "Connection", "Transfer-Encoding", "date", "Keep-Alive"};
	struct pa_error error;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(pa_response_header(*state, span(bad[i]), span("x"), &error), -1);
		assert_string_equal(error.code, "bad_header");
	}
	assert_int_equal(((struct pa_response *)*state)->headers.length, 0);
}

static void what_a_client_accepts(void **state)
{
	struct pa_request request = {.header_count = 1, .headers = {{span("accept"), span("TEXT/HTML,*/*;q=0.8")}}};

	(void)state;
	assert_true(pa_request_accepts(&request, "text/html"));
	assert_false(pa_request_accepts(&request, "application/json"));
	request.headers[0].value = span("text/htm");
	assert_false(pa_request_accepts(&request, "text/html"));
	request.header_count = 0;
	assert_false(pa_request_accepts(&request, "text/html"));
}

static void HT_09_header_values_refused(void **state)
{
	static const struct pa_span bad[] = {
		{"a\r\nSet-Cookie: x", 16}, {"a\n", 2}, {"a\r", 2}, {"a\0b", 3}, {"\x01", 1}, {"\x7f", 1}};
	struct pa_error error;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(pa_response_header(*state, span("X-A"), bad[i], &error), -1);
		assert_string_equal(error.code, "bad_header");
	}
	assert_int_equal(((struct pa_response *)*state)->headers.length, 0);
}

/* The head of *response, ended by NUL; freed by the caller. */
static char *head_of(const struct pa_response *response, bool https)
{
	struct pa_buffer out = {0};
	struct pa_date date = {0};

	assert_int_equal(pa_head_write(&out, &date, "id-1", https, response), 0);
	assert_int_equal(pa_buffer_add(&out, "", 1), 0);
	return out.at;
}

static size_t count(const char *text, const char *part)
{
	size_t seen = 0;

	for (; (text = strstr(text, part)); text++)
		seen++;
	return seen;
}

static void HT_06_07_defaults_of_a_page(void **state)
{
	struct pa_response *response = *state;

	response->status = 200;
	assert_int_equal(pa_response_header(response, span("content-type"), span("text/html; charset=utf-8"), NULL), 0);
	assert_int_equal(pa_response_body(response, "hello", 5), 0);
	char *head = head_of(response, false);
	static const char *const once[] = {"HTTP/1.1 200 OK\r\n",
		"\r\nDate: ", "\r\ncontent-type: text/html; charset=utf-8\r\n",
		"\r\nContent-Security-Policy: default-src 'none'", "\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nReferrer-Policy: no-referrer\r\n", "\r\nCache-Control: no-store\r\n",
		"\r\nCross-Origin-Opener-Policy: same-origin\r\n", "\r\nX-Request-Id: id-1\r\n",
		"\r\nConnection: keep-alive\r\n", "\r\nContent-Length: 5\r\n", "\r\n\r\n"};
	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		if (count(head, once[i]) != 1)
			fail_msg("%s in\n%s", once[i], head);
	assert_null(strstr(head, "Strict-Transport-Security"));
	free(head);
	head = head_of(response, true);
	assert_int_equal(count(head, "\r\nStrict-Transport-Security: "), 1);
	free(head);
}

static void test_what_a_script_set_stays(void **state)
{
	struct pa_response *response = *state;

	response->status = 200;
	assert_int_equal(pa_response_header(response, span("Content-Type"), span("text/html"), NULL), 0);
	assert_int_equal(pa_response_header(response, span("Cache-Control"), span("max-age=60"), NULL), 0);
	assert_int_equal(pa_response_header(response, span("Content-Security-Policy"), span("default-src *"), NULL), 0);
	assert_int_equal(pa_response_header(response, span("Referrer-Policy"), span("origin"), NULL), 0);
	char *head = head_of(response, false);
	assert_int_equal(count(head, "Cache-Control"), 1);
	assert_int_equal(count(head, "Content-Security-Policy"), 1);
	assert_int_equal(count(head, "Referrer-Policy"), 1);
	free(head);
}

static void test_bodiless(void **state)
{
	struct pa_response *response = *state;
	static const int statuses[] = {204, 304};

	for (size_t i = 0; i < 2; i++) {
		pa_response_reset(response);
		response->status = statuses[i];
		response->close = true;
		char *head = head_of(response, false);
		assert_null(strstr(head, "Content-Length"));
		assert_int_equal(count(head, "\r\nConnection: close\r\n"), 1);
		free(head);
	}
}

static void test_reasons(void **state)
{
	(void)state;
	assert_string_equal(pa_head_reason(404), "Not Found");
	assert_string_equal(pa_head_reason(299), "Success");
	assert_string_equal(pa_head_reason(599), "Server Error");
	assert_string_equal(pa_head_reason(0), "Unknown");
	assert_string_equal(pa_head_reason(600), "Unknown");
}

static void test_text(void **state)
{
	struct pa_response *response = *state;

	assert_int_equal(pa_response_header(response, span("Set-Cookie"), span("a=b"), NULL), 0);
	assert_int_equal(pa_response_body(response, "longer than what follows", 24), 0);
	pa_response_text(response, 503, "busy");
	assert_int_equal(response->status, 503);
	assert_int_equal(response->body.length, 4);
	char *head = head_of(response, false);
	assert_null(strstr(head, "Set-Cookie"));
	assert_int_equal(count(head, "\r\nContent-Type: text/plain; charset=utf-8\r\n"), 1);
	free(head);
}

static void test_request_header(void **state)
{
	(void)state;
	struct pa_request request = {.header_count = 3,
		.headers = {{span("Accept"), span("a")}, {span("X-Two"), span("one")}, {span("x-two"), span("two")}}};

	assert_memory_equal(pa_request_header(&request, "X-TWO").at, "one", 3);
	assert_null(pa_request_header(&request, "X-Tw").at);
	assert_null(pa_request_header(&request, "").at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(HT_09_header_names_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(HT_09_header_values_refused, set_up, tear_down),
		cmocka_unit_test(what_a_client_accepts),
		cmocka_unit_test_setup_teardown(HT_06_07_defaults_of_a_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_a_script_set_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bodiless, set_up, tear_down),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
		cmocka_unit_test(test_request_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
