/* What a refusal of another host says, for names of every length and form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/message.h"
#include "server/gate.h"
#include "server/misdirected.h"

static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};

/* The detail for a Host and an X-Forwarded-Host, either of which may be NULL. */
static void expect(const char *host, const char *forwarded, const char *detail)
{
	struct pa_request request = {.host = {"evil.example", 12}};
	struct pa_misdirected misdirected;
	struct pa_span name;

	if (host)
		request.headers[request.header_count++] = (struct pa_header){pa_text_span("Host"), pa_text_span(host)};
	if (forwarded)
		request.headers[request.header_count++] =
			(struct pa_header){pa_text_span("X-Forwarded-Host"), pa_text_span(forwarded)};
	if (host && pa_gate_split_host(pa_text_span(host), request.host_bytes, &name))
		request.host = name;
	pa_misdirected_explain(&request, "http://localhost:8888", hosts, 3, &misdirected);
	assert_string_equal(misdirected.detail, detail);
}

#define ANSWERS "this server answers as http://localhost:8888, not as "

static void HT_05_what_it_says(void **state)
{
	(void)state;
	expect(
		"abc.ngrok.app", NULL, ANSWERS "abc.ngrok.app: if that name leads here, set PUBLIC_URL=https://abc.ngrok.app");
	expect("ABC.ngrok.app:443", "abc.ngrok.app",
		ANSWERS "abc.ngrok.app: if that name leads here, set PUBLIC_URL=https://abc.ngrok.app:443");
	expect(NULL, NULL, ANSWERS "evil.example: if that name leads here, set PUBLIC_URL=https://evil.example");
	expect("[fd00::7]:8888", NULL, ANSWERS "[fd00::7]: if that name leads here, set PUBLIC_URL=https://[fd00::7]:8888");
	expect("a:123456", NULL, ANSWERS "a: if that name leads here, set PUBLIC_URL=https://a");
	expect("web", "app.example:8443, web",
		ANSWERS
		"web: if app.example leads here, set PUBLIC_URL=https://app.example:8443 and let the proxy pass the Host "
		"header on");
	expect("web", "LocalHost",
		ANSWERS "web: X-Forwarded-Host names PUBLIC_URL's host, but only the Host header counts: "
				"let the proxy pass the Host header on");
	static const char *const odd[] = {"", ",", "a b", "<b>", "a\"b", "a\\", "é", "[", "[::1", "a:b", "a:1234567"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		expect("a.example", odd[i], ANSWERS "a.example: if that name leads here, set PUBLIC_URL=https://a.example");
}

static void HT_05_the_longest_names(void **state)
{
	(void)state;
	char name[254], url[254 + 8 + 6];
	struct pa_request request = {.header_count = 2};
	struct pa_misdirected misdirected;
	struct pa_response response = {0};

	memset(name, 'x', 253);
	name[253] = '\0';
	strcpy(url, "https://");
	strcat(url, name);
	strcat(url, ":65535");
	request.headers[0] = (struct pa_header){pa_text_span("X-Forwarded-Host"), pa_text_span(name)};
	request.headers[1] = (struct pa_header){pa_text_span("Accept"), pa_text_span("application/json")};
	memset(request.id, 'i', sizeof request.id - 1);
	request.host = pa_text_span(name + 1);
	pa_misdirected_explain(&request, url, hosts, 3, &misdirected);
	size_t length = strlen(misdirected.detail);
	static const char end[] = "let the proxy pass the Host header on";
	assert_string_equal(misdirected.detail + length - (sizeof end - 1), end);
	pa_misdirected_respond(&request, url, &misdirected, &response);
	assert_int_equal(response.status, 421);
	assert_int_equal(response.body.at[response.body.length - 1], '}');
	pa_response_free(&response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(HT_05_what_it_says),
		cmocka_unit_test(HT_05_the_longest_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
