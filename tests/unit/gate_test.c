/* The gate: what it refuses, with which status, and how it fills in accepted requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/gate.h"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

/* The verdict's status on a request line. */
static int target_status(struct pa_span method, struct pa_span target, struct pa_request *request, char *path)
{
	*request = (struct pa_request){.method = method, .target = target};
	return pa_gate_target(request, path).status;
}

static void expect_target(int status, const char *method, const char *target)
{
	struct pa_request request;
	char path[256];

	int seen = target_status(span(method), span(target), &request, path);
	if (seen != status)
		fail_msg("%s %s: %d, not %d", method, target, seen, status);
}

static void HT_20_methods(void **state)
{
	(void)state;
	static const char *const known[] = {"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"};
	static const char *const unknown[] = {"TRACE", "CONNECT", "get", "GETT", "GE", "", "PROPFIND"};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		expect_target(0, known[i], "/");
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		expect_target(501, unknown[i], "/");
}

static void HT_10_11_12_targets_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "*", "a", "/a b", "/a\tb", "/a#b", "/\x7f", "/%", "/%4", "/%zz", "/%00",
		"/%0d", "/%0A", "/%7f", "/%5c", "/a\\b", "/..", "/.", "/a/../b", "/a/./b", "/a/%2e%2e/b", "/%2e", "//", "/a//b",
		"/a/%2Fb/", "/%ff", "/%c0%af", "/%ed%a0%80", "/%f4%90%80%80", "/a?%", "/a?%4", "/a?%gg", "/a?%00", "/a?%ff"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_target(400, "GET", bad[i]);
}

static void test_targets_accepted(void **state)
{
	(void)state;
	static const struct {
		const char *target, *path, *query;
	} cases[] = {
		{"/", "/", NULL},
		{"/a/b", "/a/b", NULL},
		{"/a?", "/a", ""},
		{"/a?b=%20+c", "/a", "b=%20+c"},
		{"/%C3%A9", "/\xc3\xa9", NULL},
		{"/a+b", "/a+b", NULL},
		{"/..a/b..", "/..a/b..", NULL},
		{"/...", "/...", NULL},
		{"/a?x=//&y=..", "/a", "x=//&y=.."},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_request request;
		char path[256];
		assert_int_equal(target_status(span("GET"), span(cases[i].target), &request, path), 0);
		assert_int_equal(request.path.length, strlen(cases[i].path));
		assert_memory_equal(request.path.at, cases[i].path, request.path.length);
		assert_int_equal(request.query.at != NULL, cases[i].query != NULL);
		if (cases[i].query) {
			assert_int_equal(request.query.length, strlen(cases[i].query));
			assert_memory_equal(request.query.at, cases[i].query, request.query.length);
		}
	}
}

static void HT_14_long_target(void **state)
{
	(void)state;
	char target[(8 << 10) + 1], path[sizeof target];
	struct pa_request request;

	memset(target, 'a', sizeof target);
	target[0] = '/';
	assert_int_equal(target_status(span("GET"), (struct pa_span){target, sizeof target - 1}, &request, path), 0);
	assert_int_equal(target_status(span("GET"), (struct pa_span){target, sizeof target}, &request, path), 414);
}

static void HT_11_nul_in_target(void **state)
{
	(void)state;
	struct pa_request request;
	char path[16];

	assert_int_equal(target_status(span("GET"), (struct pa_span){"/a\0b", 4}, &request, path), 400);
}

static int header_status(struct pa_request *request, struct pa_body_framing *framing)
{
	static const char *const hosts[] = {"localhost", "[::1]"};
	int status = pa_gate_headers(request, false, framing).status;

	return status ? status : pa_gate_host(request, hosts, 2).status;
}

/* "Name: value" lines; a Host line is added unless `lines` begins with '!'. */
static int lines_status(struct pa_body_framing *framing, const char *lines)
{
	struct pa_request request = {0};
	char copy[512], *rest = copy;

	assert_true(strlen(lines) < sizeof copy);
	strcpy(copy, lines + (*lines == '!'));
	if (*lines != '!')
		request.headers[request.header_count++] = (struct pa_header){span("Host"), span("localhost:80")};
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		char *colon = strchr(line, ':');
		*colon = '\0';
		request.headers[request.header_count++] = (struct pa_header){span(line), span(colon + 2)};
	}
	return header_status(&request, framing);
}

static void HT_05_15_17_headers(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *lines;
	} cases[] = {
		{400, "!"},
		{0, "!host: LOCALHOST"},
		{0, "!Host: localhost:8888"},
		{0, "!Host: [::1]:8888"},
		{400, "!Host: [::1"},
		{400, "!Host: [::1]x"},
		{400, "!Host: "},
		{400, "!Host: :80"},
		{400, "!Host: localhost:x"},
		{400, "!Host: local host"},
		{400, "!Host: local/host"},
		{400, "!Host: user@localhost"},
		{400, "Host: localhost"},
		{421, "!Host: evil.example"},
		{421, "!Host: localhost.evil.example"},
		{0, "Content-Length: 0"},
		{0, "Content-Length: 1000"},
		{0, "Content-Length: 999999999999999999"},
		{400, "Content-Length: 9999999999999999999"},
		{400, "Content-Length: "},
		{400, "Content-Length: +1"},
		{400, "Content-Length: -1"},
		{400, "Content-Length: 1, 1"},
		{400, "Content-Length: 0x10"},
		{400, "Content-Length: 1\nContent-Length: 1"},
		{400, "Content-Length: 1\nTransfer-Encoding: chunked"},
		{0, "Transfer-Encoding: Chunked"},
		{400, "Transfer-Encoding: gzip, chunked"},
		{400, "Transfer-Encoding: chunked\nTransfer-Encoding: chunked"},
		{400, "Transfer-Encoding: xchunked"},
		{417, "Expect: something"},
		{0, "Expect: 100-continue\nContent-Length: 5"},
		{400, "Bad name: x"},
		{400, ": x"},
		{400, "X: a\x01z"},
		{400, "X: a\rz"},
		{0, "X: a\tz"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_body_framing framing;
		int seen = lines_status(&framing, cases[i].lines);
		if (seen != cases[i].status)
			fail_msg("%s: %d, not %d", cases[i].lines, seen, cases[i].status);
	}
}

static void HT_15_framing(void **state)
{
	(void)state;
	struct pa_body_framing framing;

	assert_int_equal(lines_status(&framing, "X: y"), 0);
	assert_int_equal(framing.kind, PA_BODY_NONE);
	assert_int_equal(lines_status(&framing, "Content-Length: 12\nExpect: 100-Continue"), 0);
	assert_int_equal(framing.kind, PA_BODY_LENGTH);
	assert_int_equal(framing.length, 12);
	assert_true(framing.expects_continue);
	assert_int_equal(lines_status(&framing, "Expect: 100-continue"), 0);
	assert_false(framing.expects_continue);
	assert_int_equal(lines_status(&framing, "Transfer-Encoding: chunked"), 0);
	assert_int_equal(framing.kind, PA_BODY_CHUNKED);
}

static void test_no_hosts_is_every_host(void **state)
{
	(void)state;
	struct pa_request request = {.header_count = 1, .headers = {{span("Host"), span("Any.Example")}}};
	struct pa_body_framing framing;

	assert_int_equal(pa_gate_headers(&request, false, &framing).status, 0);
	assert_int_equal(pa_gate_host(&request, NULL, 0).status, 0);
	assert_int_equal(request.host.length, strlen("any.example"));
	assert_memory_equal(request.host.at, "any.example", request.host.length);
	request = (struct pa_request){0};
	assert_int_equal(pa_gate_headers(&request, false, &framing).status, 400);
	assert_int_equal(pa_gate_headers(&request, true, &framing).status, 0);
	assert_int_equal(pa_gate_host(&request, NULL, 0).status, 0);
}

/* A header block as civetweb leaves it: NULs after each name, each value and in place of CR LF. */
static int layout_status(char *block, size_t size, const size_t (*parts)[4], size_t count)
{
	struct pa_request request = {.header_count = count};

	for (size_t i = 0; i < count; i++)
		request.headers[i] = (struct pa_header){{block + parts[i][0], parts[i][1]}, {block + parts[i][2], parts[i][3]}};
	return pa_gate_layout(&request, block, block + size).status;
}

static void HT_15_layout(void **state)
{
	(void)state;
	char good[] = "A\0 1\0\0B\0 2\0\0\r\0";
	char space_before_colon[] = "A \0 1\0\0\r\0";
	char bare_lf[] = "A\0 1\0B\0 2\0\0\r\0";
	char skipped_line[] = "A\0 1\0\0oddB\0 2\0\0\r\0";
	char folded[] = "A\0 1\0\0 2\r\0";

	assert_int_equal(layout_status(good, sizeof good, (const size_t[][4]){{0, 1, 3, 1}, {6, 1, 9, 1}}, 2), 0);
	assert_int_equal(
		layout_status(space_before_colon, sizeof space_before_colon, (const size_t[][4]){{0, 1, 4, 1}}, 1), 400);
	assert_int_equal(layout_status(bare_lf, sizeof bare_lf, (const size_t[][4]){{0, 1, 3, 1}, {5, 1, 8, 1}}, 2), 400);
	assert_int_equal(
		layout_status(skipped_line, sizeof skipped_line, (const size_t[][4]){{0, 1, 3, 1}, {9, 1, 12, 1}}, 2), 400);
	assert_int_equal(layout_status(folded, sizeof folded, (const size_t[][4]){{0, 1, 3, 1}}, 1), 400);
}

/* A head that ends with bare LFs can end where civetweb's buffer does. */
static void HT_15_layout_at_the_end_of_the_buffer(void **state)
{
	(void)state;
	static const char bare_lf[] = {'A', '\0', ' ', '1', '\0', '\0'};
	char *block = malloc(sizeof bare_lf);

	assert_non_null(block);
	memcpy(block, bare_lf, sizeof bare_lf);
	assert_int_equal(layout_status(block, sizeof bare_lf, (const size_t[][4]){{0, 1, 3, 1}}, 1), 400);
	free(block);
}

/* RFC 9112 3.2.2: the host of the target counts, not the Host header. */
static void HT_05_a_target_with_a_host(void **state)
{
	(void)state;
	static const struct {
		const char *method, *target, *host, *path, *query;
	} cases[] = {
		{"GET", "http://Other.Example/a?b", "other.example", "/a", "b"},
		{"GET", "HTTPS://other.example:8443/a", "other.example", "/a", NULL},
		{"GET", "http://[::1]:80", "[::1]", "/", NULL},
		{"GET", "http://other.example?b/c", "other.example", "/", "b/c"},
		{"OPTIONS", "http://other.example", "other.example", "*", NULL},
		{"OPTIONS", "*", "localhost", "*", NULL},
	};
	static const char *const bad[] = {"http://", "http:///a", "http://user@other.example/", "http://a:b/", "http://a/%",
		"http://a/../b", "http://a#b", "ws://a/", "ftp://a/", "other.example:443", "http:/a", "*a"};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_request request = {.method = span(cases[i].method), .target = span(cases[i].target)};
		char path[64];
		strcpy(request.host_bytes, "localhost");
		request.host = (struct pa_span){request.host_bytes, 9};
		assert_int_equal(pa_gate_target(&request, path).status, 0);
		assert_true(pa_text_equal(request.host, span(cases[i].host)));
		assert_true(pa_text_equal(request.path, span(cases[i].path)));
		assert_int_equal(request.query.at != NULL, cases[i].query != NULL);
		assert_true(!cases[i].query || pa_text_equal(request.query, span(cases[i].query)));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_target(400, "GET", bad[i]);
	expect_target(400, "GET", "*");
	expect_target(400, "OPTIONS", "*a");
}

/* The buffer as civetweb leaves it, with NUL bytes for white space. */
static void HT_15_request_line(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		size_t target, version;
		bool fine;
	} cases[] = {
		{"GET\0/a?b\0HTTP/1.1", 4, 14, true},
		{"GET\0\0/a\0HTTP/1.1", 5, 13, false},   /* two spaces, or a line break after one */
		{"GET\0/a\0\0\0HTTP/1.1", 4, 14, false}, /* the same before the version */
		{"GET\0/a HTTP/1.0\0\0HTTP/1.1", 4, 22, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *line = cases[i].line, *version = line + cases[i].version;
		struct pa_request request = {.method = span(line), .target = span(line + cases[i].target)};
		assert_int_equal(pa_gate_is_one_line(&request, version), cases[i].fine);
	}
}

static void HT_12_decode(void **state)
{
	(void)state;
	char to[16];

	assert_int_equal(pa_text_decode(span("a%2Bb+c"), to, true), 5);
	assert_memory_equal(to, "a+b c", 5);
	assert_int_equal(pa_text_decode(span("a+b"), to, false), 3);
	assert_memory_equal(to, "a+b", 3);
	assert_int_equal(pa_text_decode(span("%00"), to, true), 1);
	assert_int_equal(pa_text_decode(span("%a"), to, true), -1);
	assert_int_equal(pa_text_decode(span("%"), to, true), -1);
	assert_int_equal(pa_text_decode(span("%g0"), to, true), -1);
	assert_int_equal(pa_text_decode((struct pa_span){"", 0}, to, true), 0);
}

static void HT_25_request_id(void **state)
{
	(void)state;
	char longest[66];

	memset(longest, 'x', sizeof longest);
	assert_true(pa_gate_request_id((struct pa_span){longest, 64}));
	assert_false(pa_gate_request_id((struct pa_span){longest, 65}));
	assert_true(pa_gate_request_id(span("aZ09-")));
	assert_false(pa_gate_request_id(span("")));
	assert_false(pa_gate_request_id(span("a b")));
	assert_false(pa_gate_request_id(span("a\nb")));
	assert_false(pa_gate_request_id(span("a_b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(HT_20_methods),
		cmocka_unit_test(HT_10_11_12_targets_refused),
		cmocka_unit_test(test_targets_accepted),
		cmocka_unit_test(HT_14_long_target),
		cmocka_unit_test(HT_11_nul_in_target),
		cmocka_unit_test(HT_05_15_17_headers),
		cmocka_unit_test(HT_15_framing),
		cmocka_unit_test(test_no_hosts_is_every_host),
		cmocka_unit_test(HT_15_layout),
		cmocka_unit_test(HT_15_request_line),
		cmocka_unit_test(HT_15_layout_at_the_end_of_the_buffer),
		cmocka_unit_test(HT_05_a_target_with_a_host),
		cmocka_unit_test(HT_12_decode),
		cmocka_unit_test(HT_25_request_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
