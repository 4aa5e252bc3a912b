/* Which origins a proxy is asked for. */
#include "client/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HTTPS "http://one:secret-word@proxy.example:1"
#define HTTP "http://proxy.example:2"

static void open_with(struct pa_proxy *proxy, const char *exceptions)
{
	struct pa_error error = {0};

	*proxy = (struct pa_proxy){0};
	assert_int_equal(pa_proxy_read(proxy, &(struct pa_proxy_options){HTTPS, HTTP, exceptions}, &error), 0);
}

static void a_scheme_has_its_own_proxy(void **state)
{
	struct pa_proxy proxy;

	(void)state;
	open_with(&proxy, NULL);
	assert_string_equal(pa_proxy_of(&proxy, "https://a.example"), HTTPS);
	assert_string_equal(pa_proxy_of(&proxy, "http://a.example:8080"), HTTP);
	pa_proxy_free(&proxy);
	assert_null(pa_proxy_of(&proxy, "https://a.example"));
}

static void TO_11_loopback_has_no_proxy(void **state)
{
	static const char *const origins[] = {"http://localhost", "https://a.localhost:1", "http://127.0.0.1:8889",
		"http://127.9.9.9", "https://[::1]:443", NULL};
	struct pa_proxy proxy;

	(void)state;
	open_with(&proxy, NULL);
	for (size_t i = 0; origins[i]; i++)
		assert_null(pa_proxy_of(&proxy, origins[i]));
	assert_non_null(pa_proxy_of(&proxy, "http://notlocalhost"));
	assert_non_null(pa_proxy_of(&proxy, "http://128.0.0.1"));
	assert_non_null(pa_proxy_of(&proxy, "http://[::2]"));
	pa_proxy_free(&proxy);
}

static void TO_11_exceptions_have_no_proxy(void **state)
{
	static const struct {
		const char *exceptions, *origin;
		bool is_exception;
	} cases[] = {
		{"a.example", "http://a.example", true},
		{"a.example", "https://www.a.example:8443", true},
		{".a.example", "http://a.example", true},
		{"a.example", "http://ba.example", false},
		{"a.example", "http://a.example.com", false},
		{"b.example,a.example", "http://a.example", true},
		{"*", "http://a.example", true},
		{"10.0.0.0/8", "http://10.255.1.1:80", true},
		{"10.0.0.0/8", "http://11.0.0.1", false},
		{"192.0.2.7", "http://192.0.2.7", true},
		{"192.0.2.7", "http://192.0.2.70", false},
		{"2.7", "http://192.0.2.7", false},
		{"fd00::/9", "https://[fd7f::1]", true},
		{"fd00::/9", "https://[fd80::1]", false},
		{"[2001:db8::1]", "https://[2001:db8:0::1]", true},
		{"2001:db8::1", "https://[2001:db8::1]", true},
		{"0.0.0.0/0", "https://[2001:db8::1]", false},
		{"", "http://a.example", false},
		{".", "http://a.example", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_proxy proxy;
		open_with(&proxy, cases[i].exceptions);
		bool is_exception = !pa_proxy_of(&proxy, cases[i].origin);
		if (is_exception != cases[i].is_exception)
			fail_msg("%s with NO_PROXY %s", cases[i].origin, cases[i].exceptions);
		pa_proxy_free(&proxy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scheme_has_its_own_proxy),
		cmocka_unit_test(TO_11_loopback_has_no_proxy),
		cmocka_unit_test(TO_11_exceptions_have_no_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
