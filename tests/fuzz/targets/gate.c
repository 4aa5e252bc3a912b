/*
 * OP-09, HT-05, HT-10, HT-11, HT-12, HT-15: what the gate lets through, a strict reader of RFC 9112 reads in the same
 * way. The input is the head of a request; it is split as civetweb 1.15 does, which puts NUL bytes into it. One
 * difference is known: two white-space bytes other than CR LF may end the request line, for their NUL bytes are all
 * that is left.
 */
#include "server/gate.h"

#include <ctype.h>

#include "fuzz/check.h"
#include "fuzz/grammar.h"

enum { HEAD_MAX = 16 << 10 };

/* As get_http_header_len, parse_http_request and parse_http_headers of civetweb. False where it refuses. */

static size_t find_end(const char *head, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)head[i];
		if (byte < 128 && byte != '\r' && byte != '\n' && !isprint(byte))
			return 0;
		if (i + 1 < size && head[i] == '\n' && head[i + 1] == '\n')
			return i + 2;
		if (i + 3 < size && memcmp(head + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	}
	return 0;
}

/* Ends the word at *at, and all white space after it, with NUL bytes. NULL when the line goes on or ends otherwise. */
static char *take_word(char **at, bool last)
{
	char *word = *at;

	while (isgraph((unsigned char)**at))
		(*at)++;
	if (last ? **at != '\r' && **at != '\n' : **at != ' ')
		return NULL;
	do
		*(*at)++ = '\0';
	while (**at && isspace((unsigned char)**at));
	return last || isgraph((unsigned char)**at) ? word : NULL;
}

static bool split_header(char **at, struct pa_header *header)
{
	char *from = *at, *to = *at;

	while (*to != ':' && *to >= 33 && *to <= 126)
		to++;
	size_t name = (size_t)(to - from);
	while (*to == ' ')
		*to++ = '\0';
	if (*to != ':')
		return false;
	*to++ = '\0';
	while (*to == ' ' || *to == '\t')
		to++;
	header->name = (struct pa_span){from, name};
	header->value.at = to;
	while (*to && *to != '\r' && *to != '\n')
		to++;
	header->value.length = (size_t)(to - header->value.at);
	if (*to == '\r') {
		*to++ = '\0';
		if (*to != '\n')
			return false;
	}
	if (*to)
		*to++ = '\0';
	*at = to;
	return true;
}

/* Splits the head in *request. The version after "HTTP/", or NULL. */
static const char *split(char *at, struct pa_request *request)
{
	if (!isgraph((unsigned char)*at))
		return NULL; /* pa_gate_begins refuses it */
	char *method = take_word(&at, false), *target = method ? take_word(&at, false) : NULL;
	char *version = target ? take_word(&at, true) : NULL;

	if (!version || strncmp(version, "HTTP/", 5) != 0)
		return NULL;
	request->method = pa_text_span(method);
	request->target = pa_text_span(target);
	while (request->header_count < PA_HEADERS_MAX && *at >= 33 && *at <= 126 && *at != ':') {
		if (!split_header(&at, &request->headers[request->header_count]))
			return NULL;
		request->header_count++;
	}
	return version + 5;
}

/* The strict reader. */

struct strict {
	size_t hosts, lengths, encodings;
};

/* Takes the next line up to CR LF; false when a line holds a CR or LF alone. */
static bool next_line(struct pa_span *rest, struct pa_span *line)
{
	const char *end = memmem(rest->at, rest->length, "\r\n", 2);

	if (!end)
		return false;
	*line = (struct pa_span){rest->at, (size_t)(end - rest->at)};
	*rest = (struct pa_span){end + 2, rest->length - line->length - 2};
	return !memchr(line->at, '\r', line->length) && !memchr(line->at, '\n', line->length);
}

static bool read_strictly(struct pa_span head, const struct pa_request *request, struct strict *strict)
{
	struct pa_span line, name;
	size_t count = 0;

	size_t request_line = 0;
	while (request_line < head.length && head.at[request_line] != '\r' && head.at[request_line] != '\n')
		request_line++;
	head = (struct pa_span){head.at + request_line + 2, head.length - request_line - 2};
	for (;; count++) {
		if (!next_line(&head, &line))
			return false;
		if (line.length == 0)
			return head.length == 0 && count == request->header_count;
		struct pa_span value = line;
		cut(&value, ':', &name);
		if (!value.at || !pa_text_is_token(name) || count == request->header_count)
			return false;
		value = pa_text_trim(value);
		if (!pa_text_equal(name, request->headers[count].name) || !pa_text_equal(value, request->headers[count].value))
			return false;
		strict->hosts += pa_text_is(name, "Host");
		strict->lengths += pa_text_is(name, "Content-Length");
		strict->encodings += pa_text_is(name, "Transfer-Encoding");
	}
}

static void check_framing(const struct strict *strict, const struct pa_body_framing *framing)
{
	CHECK(strict->hosts == 1, "%zu Host headers", strict->hosts);
	CHECK(strict->lengths + strict->encodings <= 1, "%zu lengths, %zu encodings", strict->lengths, strict->encodings);
	CHECK(framing->kind != PA_BODY_CHUNKED || strict->encodings == 1, "chunked without an encoding");
	CHECK(framing->kind != PA_BODY_LENGTH || strict->lengths == 1, "a length");
	CHECK(framing->kind != PA_BODY_NONE || strict->encodings == 0, "no body with an encoding");
}

static void check_target(const struct pa_request *request)
{
	struct pa_span path = request->path, rest = path, segment;
	char *again = malloc(request->query.length + 1);

	CHECK(again, "no memory");
	/* After http://host the path is "/" though the rest of the target has none. */
	CHECK(path.length > 0 && path.at[0] == '/', "the path");
	CHECK(path.length <= request->target.length || path.length == 1, "the path is longer than the target");
	CHECK(grammar_is_utf8(path), "the path is not UTF-8");
	for (size_t i = 0; i < path.length; i++)
		CHECK((unsigned char)path.at[i] >= 0x20 && path.at[i] != 0x7f && path.at[i] != '\\', "byte %d", path.at[i]);
	cut(&rest, '/', &segment);
	while (cut(&rest, '/', &segment)) {
		CHECK(segment.length > 0 || !rest.at, "an empty segment");
		CHECK(!pa_text_equal(segment, pa_text_span(".")) && !pa_text_equal(segment, pa_text_span("..")), "dots");
	}
	long length = request->query.at ? pa_text_decode(request->query, again, true) : 0;
	CHECK(length >= 0 && grammar_is_utf8((struct pa_span){again, (size_t)length}), "the query");
	CHECK(!memchr(again, '\0', (size_t)length), "NUL in the query");
	free(again);
}

static void check_host(struct pa_span host)
{
	CHECK(pa_text_is(host, "localhost") || pa_text_is(host, "[::1]"), "host %.*s", (int)host.length, host.at);
}

static void check_request(char *head, size_t size, const char *original)
{
	static const char *const hosts[] = {"localhost", "[::1]"};
	static char decoded[HEAD_MAX];
	static struct pa_request request;
	struct pa_body_framing framing;
	struct strict strict = {0};

	memset(&request, 0, sizeof request);
	const char *version = split(head, &request);
	if (!version || !pa_gate_is_one_line(&request, version) ||
		pa_gate_layout(&request, version + strlen(version) + 2, head + size + 1).status ||
		pa_gate_headers(&request, false, &framing).status || pa_gate_target(&request, decoded).status ||
		pa_gate_host(&request, hosts, 2).status)
		return;
	CHECK(read_strictly((struct pa_span){original, size}, &request, &strict),
		"a strict reader refuses it or reads other "
		"headers");
	check_framing(&strict, &framing);
	check_host(request.host);
	if (pa_text_equal(request.path, pa_text_span("*")))
		CHECK(pa_text_equal(request.method, pa_text_span("OPTIONS")), "the target *");
	else
		check_target(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = find_end((const char *)data, size < HEAD_MAX ? size : HEAD_MAX);

	if (length == 0)
		return 0;
	char *head = malloc(length + 1);
	CHECK(head, "no memory");
	memcpy(head, data, length);
	head[length - 1] = '\0'; /* as civetweb does */
	head[length] = '\0';
	check_request(head, length, (const char *)data);
	free(head);
	return 0;
}
