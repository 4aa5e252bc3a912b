/* What is stored of an exchange: no secret in any form and place, and everything else byte for byte. */
#include "traffic/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mask.h"

static struct pa_redact redact;

static struct pa_span span(const char *text)
{
	return pa_text_span(text);
}

/* What is stored of one text of an exchange, the others as in *entry. */
static struct pa_span stored(struct pa_entry entry, int text, struct pa_span bytes, struct pa_archive_row *row)
{
	entry.texts[text] = bytes;
	struct pa_entry *copy = pa_entry_copy(&entry);
	assert_non_null(copy);
	assert_int_equal(pa_redact_entry(&redact, copy, row), 0);
	pa_entry_free(copy);
	return row->texts[text];
}

enum {
	URL = PA_ENTRY_URL,
	HEAD = PA_ENTRY_REQUEST_HEAD,
	ANSWER_HEAD = PA_ENTRY_RESPONSE_HEAD,
	BODY = PA_ENTRY_REQUEST_BODY
};

#define FORM "content-type: application/x-www-form-urlencoded\n"

/* Credentials that only their names give away. */
static const struct {
	int text;
	const char *head; /* of the request, for bodies */
	const char *in, *out;
} named[] = {
	/* headers */
	{HEAD, NULL, "Authorization: Bearer abc.def\n", "Authorization: Bearer ***\n"},
	{HEAD, NULL, "authorization: basic dXNlcjpwYXNzd29yZA==\n", "authorization: basic ***\n"},
	{HEAD, NULL, "Authorization: abcdef\n", "Authorization: ***\n"},
	{HEAD, NULL, "Authorization: my own scheme\n", "Authorization: ***\n"},
	{HEAD, NULL, "Authorization: Digest username=\"u\", response=\"f00\"\n", "Authorization: Digest ***\n"},
	{HEAD, NULL, "Proxy-Authorization: Basic eA==\n", "Proxy-Authorization: Basic ***\n"},
	{HEAD, NULL, "X-Api-Key: k 1\nAccept: a/b\n", "X-Api-Key: ***\nAccept: a/b\n"},
	{HEAD, NULL, "apikey: k1\n", "apikey: ***\n"},
	{HEAD, NULL, "X-Auth-Token: k1\n", "X-Auth-Token: ***\n"},
	{HEAD, NULL, "X-Acme-Access-Token: k1\n", "X-Acme-Access-Token: ***\n"},
	{HEAD, NULL, "Private-Token: glpat\n", "Private-Token: ***\n"},
	{HEAD, NULL, "DPoP: eyJ\n", "DPoP: ***\n"},
	{HEAD, NULL, "X-Amz-Security-Token: t\n", "X-Amz-Security-Token: ***\n"},
	{HEAD, NULL, "X-CSRF-Token: t\n", "X-CSRF-Token: ***\n"},
	{HEAD, NULL, "Cookie: a=1; session=xyz==; b=\n", "Cookie: a=***; session=***; b=\n"},
	{HEAD, NULL, "cookie: naked\n", "cookie: ***\n"},
	{ANSWER_HEAD, NULL, "Set-Cookie: a=x=y; Path=/; HttpOnly\r\nset-cookie: b=2\r\n",
		"Set-Cookie: a=***; Path=/; HttpOnly\nset-cookie: b=***\n"},
	{ANSWER_HEAD, NULL, "Location: https://a.example/cb?code=c1&scope=x&state=s1#access_token=t1\r\n",
		"Location: https://a.example/cb?code=***&scope=x&state=***#access_token=***\n"},
	{HEAD, NULL, "Referer: http://localhost/cb?code=c1&state=s1\n",
		"Referer: http://localhost/cb?code=***&state=***\n"},
	{HEAD, NULL, "User-Agent: a/1 (b; c)\nX-Token-Count: 7\n", "User-Agent: a/1 (b; c)\nX-Token-Count: 7\n"},
	{ANSWER_HEAD, NULL, "WWW-Authenticate: Bearer realm=\"x\"\n", "WWW-Authenticate: Bearer realm=\"x\"\n"},
	/* URLs */
	{URL, NULL, "/auth/segment/callback?code=c%2F1&scope=a%2Fb&state=s1",
		"/auth/segment/callback?code=***&scope=a%2Fb&state=***"},
	{URL, NULL, "/cb?CODE=c1&State=s1", "/cb?CODE=***&State=***"},
	{URL, NULL, "/cb?c%6Fde=c1&x=1", "/cb?c%6Fde=***&x=1"},
	{URL, NULL, "/login?next=%2Fcb%3Fcode%3Dc1%26x%3D2&y=3", "/login?next=%2Fcb%3Fcode%3D***%26x%3D2&y=3"},
	{URL, NULL, "/login?next=%252Fcb%253Fcode%253Dc1", "/login?next=%252Fcb%253Fcode%253D***"},
	{URL, NULL, "https://user:pa55@a.example/x?y=z", "https://user:***@a.example/x?y=z"},
	{URL, NULL, "https://a.example/x?api_key=k1&user[password]=p1&n=1",
		"https://a.example/x?api_key=***&user[password]=***&n=1"},
	{URL, NULL, "https://a.example/x?errorcode=1&estate=2&code=", "https://a.example/x?errorcode=1&estate=2&code="},
	{URL, NULL, "https://a.example/@x?page_token=p1&zipcode=2", "https://a.example/@x?page_token=p1&zipcode=2"},
	/* forms */
	{BODY, FORM, "grant_type=authorization_code&code=c1&code_verifier=v1&client_id=i",
		"grant_type=authorization_code&code=***&code_verifier=***&client_id=i"},
	{BODY, FORM, "password=a b\"c'd<e#f&x=1", "password=***&x=1"},
	{BODY, FORM, "refresh_token=r1&client_secret=s1&assertion=a1&id_token=i1",
		"refresh_token=***&client_secret=***&assertion=***&id_token=***"},
	{BODY, FORM, "payload=%7B%22access_token%22%3A%22t1%22%2C%22a%22%3A1%7D",
		"payload=%7B%22access_token%22%3A%22***%22%2C%22a%22%3A1%7D"},
	/* JSON */
	{BODY, NULL, "{\"access_token\":\"t1\",\"expires_in\":3599}", "{\"access_token\":\"***\",\"expires_in\":3599}"},
	{BODY, NULL, "{ \"refresh_token\" :\n  \"t\\\"1\" , \"x\" : [1] }",
		"{ \"refresh_token\" :\n  \"***\" , \"x\" : [1] }"},
	{BODY, NULL, "{\"accessToken\":\"t1\",\"clientSecret\":\"s1\",\"apiKey\":\"k1\"}",
		"{\"accessToken\":\"***\",\"clientSecret\":\"***\",\"apiKey\":\"***\"}"},
	{BODY, NULL, "{\"password\":12345,\"token\":null}", "{\"password\":***,\"token\":null}"},
	{BODY, NULL, "{\"error\":{\"code\":\"not_found\",\"state\":\"open\"}}",
		"{\"error\":{\"code\":\"not_found\",\"state\":\"open\"}}"},
	{BODY, NULL, "{\"grant_type\":\"authorization_code\",\"code\":\"c1\"}",
		"{\"grant_type\":\"authorization_code\",\"code\":\"***\"}"},
	{BODY, NULL, "{\"body\":\"{\\\"access_token\\\":\\\"t1\\\",\\\"a\\\":1}\"}",
		"{\"body\":\"{\\\"access_token\\\":\\\"***\\\",\\\"a\\\":1}\"}"},
	{BODY, NULL, "{\"p\\u0061ssword\":\"p1\"}", "{\"p\\u0061ssword\":\"***\"}"},
	{BODY, NULL, "{\"url\":\"https:\\/\\/a.example\\/cb?code=c1&x=1\"}",
		"{\"url\":\"https:\\/\\/a.example\\/cb?code=***&x=1\"}"},
	{BODY, NULL, "{\"secret\":[\"a\",\"b\"],\"x\":1}", "{\"secret\":***],\"x\":1}"},
	{BODY, NULL, "{\"token_type\":\"bearer\",\"scope\":\"a\"}", "{\"token_type\":\"bearer\",\"scope\":\"a\"}"},
	/* HTML, XML, multipart */
	{BODY, NULL, "<a href=\"/cb?code=c1&amp;state=s1&amp;x=1\">", "<a href=\"/cb?code=***&amp;state=***&amp;x=1\">"},
	{BODY, NULL, "<input type=hidden name=\"csrf_token\" value=\"t1\"><p>",
		"<input type=hidden name=\"csrf_token\" value=\"***\"><p>"},
	{BODY, NULL, "<input value='t1' name='password'>", "<input value='***' name='password'>"},
	{BODY, NULL, "<o><password>p1</password><n>1</n></o>", "<o><password>***</password><n>1</n></o>"},
	{BODY, NULL,
		"--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\ns1\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n***\r\n--b\r\n"
		"Content-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n--b--"},
	/* text */
	{BODY, NULL, "password: hunter2\nname: x\n", "password: ***\nname: x\n"},
	{BODY, NULL, "GET / HTTP/1.1\r\nAuthorization: Bearer t1\r\n\r\n", "GET / HTTP/1.1\r\nAuthorization: ***\r\n\r\n"},
};

static void LG_01_what_names_give_away_is_replaced(void **state)
{
	struct pa_archive_row row;
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		struct pa_entry entry = {0};
		entry.texts[HEAD] = span(named[i].head);
		struct pa_span got = stored(entry, named[i].text, span(named[i].in), &row);
		if (pa_text_equal(got, span(named[i].out)))
			continue;
		failed++;
		print_error("%s\n  gave   %.*s\n  wanted %s\n", named[i].in, (int)got.length, got.at, named[i].out);
	}
	assert_int_equal(failed, 0);
}

/* Forms of a known secret. Each writes into `out` and returns the length. */

static const char secret[] = "s3\"cr/et+to=ken&of <the> \\\xc3\xa9\xf0\x9f\x94\x91 test's~end";

static size_t write_plain(char *out)
{
	return (size_t)sprintf(out, "%s", secret);
}

static size_t write_percent(char *out, const char *format, bool all, bool plus)
{
	size_t used = 0;

	for (const char *at = secret; *at; at++) {
		unsigned char byte = (unsigned char)*at;
		bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '~' || byte == '\'';
		if (plus && byte == ' ')
			out[used++] = '+';
		else if (plain && !all)
			out[used++] = (char)byte;
		else
			used += (size_t)sprintf(out + used, format, byte);
	}
	return used;
}

static size_t write_upper(char *out)
{
	return write_percent(out, "%%%02X", false, false);
}

static size_t write_lower(char *out)
{
	return write_percent(out, "%%%02x", false, false);
}

static size_t write_every(char *out)
{
	return write_percent(out, "%%%02X", true, false);
}

static size_t write_form(char *out)
{
	return write_percent(out, "%%%02X", false, true);
}

static size_t write_twice(char *out)
{
	return write_percent(out, "%%25%02X", false, false);
}

static size_t write_json(char *out, bool ascii)
{
	size_t used = 0;

	for (const char *at = secret; *at; at++) {
		if (strchr("\"\\/", *at))
			out[used++] = '\\';
		if (ascii && strchr("<>&'", *at))
			used += (size_t)sprintf(out + used, "\\u%04X", *at);
		else if (ascii && strncmp(at, "\xc3\xa9\xf0\x9f\x94\x91", 6) == 0) {
			used += (size_t)sprintf(out + used, "\\u00e9\\ud83d\\udd11");
			at += 5;
		} else {
			out[used++] = *at;
		}
	}
	return used;
}

static size_t write_json_plain(char *out)
{
	return write_json(out, false);
}

static size_t write_json_ascii(char *out)
{
	return write_json(out, true);
}

static size_t write_html(char *out)
{
	size_t used = 0;

	for (const char *at = secret; *at; at++) {
		const char *name = *at == '&'    ? "&amp;"
						   : *at == '<'  ? "&lt;"
						   : *at == '>'  ? "&gt;"
						   : *at == '"'  ? "&quot;"
						   : *at == '\'' ? "&#39;"
										 : NULL;
		used += name ? (size_t)sprintf(out + used, "%s", name) : (size_t)sprintf(out + used, "%c", *at);
	}
	return used;
}

static size_t (*const writers[])(char *out) = {write_plain, write_upper, write_lower, write_every, write_form,
	write_twice, write_json_plain, write_json_ascii, write_html};

static void LG_01_known_secrets_are_replaced_in_each_form_and_place(void **state)
{
	static const struct {
		int text;
		const char *before, *after;
	} places[] = {{URL, "https://a.example/x?y=", "&z=1"}, {URL, "/p/", "/q"}, {HEAD, "x-a: ", ", b\n"},
		{ANSWER_HEAD, "Location: /x?y=", "\n"}, {BODY, "{\"a\":\"", "\"}"}, {BODY, "before ", " after"},
		{PA_ENTRY_RESPONSE_BODY, "\xff\x01 ", " \xfe"}, {PA_ENTRY_ERROR, "no: ", "."}, {PA_ENTRY_PEER, "https://", "/"},
		{PA_ENTRY_REQUEST_ID, "", ""}};
	char text[2048], wanted[128];
	struct pa_archive_row row;

	(void)state;
	for (size_t place = 0; place < sizeof places / sizeof *places; place++)
		for (size_t writer = 0; writer < sizeof writers / sizeof *writers; writer++) {
			size_t length = (size_t)sprintf(text, "%s", places[place].before);
			length += writers[writer](text + length);
			length += (size_t)sprintf(text + length, "%s", places[place].after);
			struct pa_span got = stored((struct pa_entry){0}, places[place].text, (struct pa_span){text, length}, &row);
			sprintf(wanted, "%s***%s", places[place].before, places[place].after);
			if (!pa_text_equal(got, span(wanted)))
				print_error("place %zu, form %zu: %.*s\n", place, writer, (int)got.length, got.at);
			assert_true(pa_text_equal(got, span(wanted)));
		}
}

/* Base64 of texts with the secret inside, at each alignment: what is stored decodes to nothing of it. */
static void LG_01_known_secrets_are_replaced_in_base64(void **state)
{
	static const int places[] = {URL, HEAD, BODY, PA_ENTRY_RESPONSE_BODY};
	char plain[256], text[1024];
	struct pa_archive_row row;

	(void)state;
	for (int url = 0; url < 2; url++)
		for (int before = 0; before < 6; before++)
			for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
				size_t length = (size_t)sprintf(plain, "%.*s%s:x", before, "user:a", secret);
				size_t used = (size_t)sprintf(text, "x-a: ");
				size_t from = used;
				used += pa_base64_encode((const unsigned char *)plain, length, url, text + used);
				struct pa_span got = stored((struct pa_entry){0}, places[place], (struct pa_span){text, used}, &row);
				assert_true(got.length < 30);
				for (size_t at = from + 8; at + 8 < used; at++)
					assert_null(memmem(got.at, got.length, text + at, 8));
			}
}

static void utf_16_is_read(void **state)
{
	static const char text[] = "\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0s\0e\0c\0r\0e\0t\0\"\0",
					  wanted[] = "\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0***\"\0";
	struct pa_archive_row row;

	(void)state;
	struct pa_span got = stored((struct pa_entry){0}, BODY, (struct pa_span){text, sizeof text - 1}, &row);
	assert_true(pa_text_equal(got, (struct pa_span){wanted, sizeof wanted - 1}));
}

/* A credential that is known by its place is replaced wherever the same exchange repeats it. */
static void what_comes_again_is_replaced(void **state)
{
	struct pa_entry entry = {0};
	struct pa_archive_row row;

	(void)state;
	entry.texts[HEAD] = span("Authorization: Basic dTpob3JzZS1iYXR0ZXJ5\nCookie: s=cookie-value-1\n");
	entry.texts[URL] = span("/cb?code=only%2Fin-this-exchange&x=1");
	entry.texts[PA_ENTRY_ERROR] =
		span("dTpob3JzZS1iYXR0ZXJ5 horse-battery cookie-value-1 only/in-this-exchange only%2fin-this-exchange x");
	struct pa_span got = stored(
		entry, PA_ENTRY_RESPONSE_BODY, span("{\"echo\":\"horse-battery\",\"c\":\"only\\/in-this-exchange\"}"), &row);
	assert_true(pa_text_equal(got, span("{\"echo\":\"***\",\"c\":\"***\"}")));
	assert_true(pa_text_equal(row.texts[PA_ENTRY_ERROR], span("*** *** *** *** *** x")));
}

static void everything_else_is_kept(void **state)
{
	char bytes[4096];
	struct pa_archive_row row;

	(void)state;
	srand(1);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)rand();
	const struct pa_span body = {bytes, sizeof bytes};
	assert_true(pa_text_equal(stored((struct pa_entry){0}, BODY, body, &row), body));
	assert_null(row.request_note);
}

static void large_bodies_are_cut_and_packed_ones_left_out(void **state)
{
	static char large[PA_ENTRY_BODY_MAX + 100];
	struct pa_entry entry = {0};
	struct pa_archive_row row;

	(void)state;
	memset(large, 'a', sizeof large);
	memcpy(large + PA_ENTRY_BODY_MAX - 5, secret, sizeof secret - 1); /* a secret where it is cut */
	struct pa_span got = stored(entry, BODY, (struct pa_span){large, sizeof large}, &row);
	assert_int_equal(got.length, PA_ENTRY_BODY_MAX - 5 + 3);
	assert_memory_equal(got.at + got.length - 5, "aa***", 5);
	assert_string_equal(row.request_note, "cut");
	stored(entry, BODY, (struct pa_span){large, PA_ENTRY_BODY_MAX}, &row);
	assert_null(row.request_note);
	entry.texts[HEAD] = span("content-encoding: gzip\n");
	assert_int_equal(stored(entry, BODY, span("\x1f\x8b\x08"), &row).length, 0);
	assert_string_equal(row.request_note, "packed");
	assert_int_equal(stored(entry, BODY, span("anything"), &row).length, 0);
	entry.texts[HEAD] = span("Content-Encoding: identity\n");
	assert_int_equal(stored(entry, BODY, span("anything"), &row).length, 8);
	entry.out = true; /* an answer was unpacked as it came */
	entry.texts[ANSWER_HEAD] = span("Content-Encoding: gzip\r\n");
	assert_int_equal(stored(entry, PA_ENTRY_RESPONSE_BODY, span("anything"), &row).length, 8);
	entry.out = false;
	assert_int_equal(stored(entry, PA_ENTRY_RESPONSE_BODY, span("anything"), &row).length, 0);
	assert_string_equal(row.response_note, "packed");
}

static void a_flow_is_the_hash_of_its_state(void **state)
{
	struct pa_entry entry = {0};
	struct pa_archive_row row;
	char flow[33];

	(void)state;
	stored(entry, URL, span("/auth/segment/callback?code=c&state=the-st%61te"), &row);
	assert_non_null(row.flow);
	assert_int_equal(strlen(row.flow), 32);
	snprintf(flow, sizeof flow, "%s", row.flow);
	entry.texts[URL] = span("/auth/segment");
	stored(entry, ANSWER_HEAD, span("location: https://id.example/auth?response_type=code&state=the-state\r\n"), &row);
	assert_string_equal(row.flow, flow);
	stored(entry, URL, span("/cb?error=access_denied&state=another"), &row);
	assert_non_null(row.flow);
	assert_string_not_equal(row.flow, flow);
	entry = (struct pa_entry){0};
	stored(entry, URL, span("/towns?state=the-state"), &row);
	assert_null(row.flow);
	entry.out = true;
	stored(entry, URL, span("https://id.example/auth?response_type=code&state=the-state"), &row);
	assert_null(row.flow);
}

static int prepare(void **state)
{
	(void)state;
	pa_mask_add(secret, strlen(secret));
	return 0;
}

static int finish(void **state)
{
	(void)state;
	pa_redact_free(&redact);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_01_what_names_give_away_is_replaced),
		cmocka_unit_test(LG_01_known_secrets_are_replaced_in_each_form_and_place),
		cmocka_unit_test(LG_01_known_secrets_are_replaced_in_base64),
		cmocka_unit_test(utf_16_is_read),
		cmocka_unit_test(what_comes_again_is_replaced),
		cmocka_unit_test(everything_else_is_kept),
		cmocka_unit_test(large_bodies_are_cut_and_packed_ones_left_out),
		cmocka_unit_test(a_flow_is_the_hash_of_its_state),
	};

	return cmocka_run_group_tests(tests, prepare, finish);
}
