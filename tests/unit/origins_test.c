/* A URL is the same whether an origin is known or not. */
#include "client/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

static const char *const urls[] = {
	"https://a.example",
	"https://a.example/one",
	"https://a.example/one/two.json?a=b&c=d/e?f",
	"https://a.example/",
	"https://a.example?query",
	"https://a.example/x?",
	"https://a.example/x#fragment",
	"https://a.example/x",
	"https://a.example/%41%2f%2F?%3d%3D",
	"https://a.example/a/./b/../c",
	"https://a.example/..",
	"https://a.example/.well-known/x",
	"https://a.example/x?y=/../z",
	"https://a.example/a b",
	"https://a.example/a\\b",
	"https://a.example/\x7f",
	"https://a.example/\xc3\xa4",
	"https://a.example/{x}|^`\"<>",
	"https://a.example//double",
	"https://A.example/one",
	"https://a.example:443/one",
	"https://a.example:8443/one",
	"https://a.example.:8443/one",
	"https://user@a.example/one",
	"https://a.example@b.example/one",
	"https://b.example/https://a.example/",
	"https://b.example/one:two@three",
	"http://[::1]:8080/one",
	"http://a.example/one",
	"http://127.1/one",
	"http://127.0.0.1/one",
	"ftp://a.example/one",
	"a.example/one",
	"",
	NULL,
};

/* The URL, or the problem. */
static const char *shown(const char *problem, void *parsed, char *text, size_t size)
{
	char *url = NULL;

	if (problem)
		return problem;
	assert_int_equal(curl_url_get(parsed, CURLUPART_URL, &url, 0), CURLUE_OK);
	snprintf(text, size, "%s", url);
	curl_free(url);
	return text;
}

static void compare(struct pa_origins *origins, const char *text)
{
	char origin[PA_URL_ORIGIN_SIZE] = "", one_text[512], other_text[512];
	const struct pa_origins_one *one = NULL;
	void *parsed;
	size_t length = strlen(text);

	const char *problem = pa_url_parse(text, length, origin, &parsed);
	const char *found = pa_origins_parse(origins, text, length, &one);
	assert_string_equal(shown(found, one ? one->parsed : NULL, one_text, sizeof one_text),
		shown(problem, parsed, other_text, sizeof other_text));
	if (!problem)
		assert_string_equal(one->origin, origin);
	curl_url_cleanup(parsed);
}

static void each_after_each(void **state)
{
	(void)state;
	for (size_t i = 0; urls[i]; i++)
		for (size_t k = 0; urls[k]; k++) {
			struct pa_origins origins = {0};
			compare(&origins, urls[i]);
			compare(&origins, urls[k]);
			compare(&origins, urls[i]);
			pa_origins_free(&origins);
		}
}

static void all_in_turn(void **state)
{
	struct pa_origins origins = {0};

	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; urls[i]; i++)
			compare(&origins, urls[i]);
	pa_origins_free(&origins);
}

static void a_long_url_is_refused_for_a_known_origin_too(void **state)
{
	static char text[PA_URL_MAX + 2];
	struct pa_origins origins = {0};

	(void)state;
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "https://a.example/", 18);
	compare(&origins, "https://a.example/");
	compare(&origins, text);
	pa_origins_free(&origins);
}

static void the_parsed_form_is_kept(void **state)
{
	const struct pa_origins_one *one, *other;
	struct pa_origins origins = {0};

	(void)state;
	assert_null(pa_origins_parse(&origins, "https://a.example/one", 21, &one));
	const void *parsed = one->parsed;
	assert_null(pa_origins_parse(&origins, "https://b.example/one", 21, &other));
	assert_null(pa_origins_parse(&origins, "https://a.example/two", 21, &other));
	assert_ptr_equal(one, other);
	assert_ptr_equal(other->parsed, parsed);
	pa_origins_free(&origins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_after_each),
		cmocka_unit_test(all_in_turn),
		cmocka_unit_test(a_long_url_is_refused_for_a_known_origin_too),
		cmocka_unit_test(the_parsed_form_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
