/* Checks of a request's head: each returns the verdict {0, NULL} or a refusal. */
#include "server/gate.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "server/local_host.h"

static const struct pa_verdict let_through = {0, NULL};

static struct pa_verdict refuse(int status, const char *reason)
{
	return (struct pa_verdict){status, reason};
}

bool pa_gate_request_id(struct pa_span id)
{
	for (size_t i = 0; i < id.length; i++) {
		char byte = id.at[i];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
		if (!letter && byte != '-')
			return false;
	}
	return id.length > 0 && id.length <= 64;
}

/* Headers */

/* The headers that decide on host and body, with how often each came. */
struct seen {
	struct pa_span length, encoding, host, expect;
	int lengths, encodings, hosts;
};

static void note(struct seen *seen, const struct pa_header *header)
{
	switch (header->name.length) {
	case 4:
		if (pa_text_is(header->name, "host")) {
			seen->host = header->value;
			seen->hosts++;
		}
		break;
	case 6:
		if (pa_text_is(header->name, "expect"))
			seen->expect = header->value;
		break;
	case 14:
		if (pa_text_is(header->name, "content-length")) {
			seen->length = header->value;
			seen->lengths++;
		}
		break;
	case 17:
		if (pa_text_is(header->name, "transfer-encoding")) {
			seen->encoding = header->value;
			seen->encodings++;
		}
		break;
	default:
		break;
	}
}

bool pa_gate_split_host(struct pa_span value, char *lower, struct pa_span *host)
{
	size_t length = value.length;
	const char *colon = NULL;

	if (length > 0 && value.at[0] == '[') {
		const char *bracket = memchr(value.at, ']', length);
		if (!bracket)
			return false;
		size_t inside = (size_t)(bracket - value.at) + 1;
		if (inside < length)
			colon = value.at + inside;
		if (colon && *colon != ':')
			return false;
	} else {
		colon = memchr(value.at, ':', length);
	}
	size_t name = colon ? (size_t)(colon - value.at) : length;
	for (size_t i = name + 1; i < length; i++)
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	if (name == 0 || name > 253)
		return false;
	for (size_t i = 0; i < name; i++) {
		char byte = value.at[i];
		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte | 0x20);
		if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
				byte == '_' || (value.at[0] == '[' && (byte == ':' || byte == '[' || byte == ']'))))
			return false;
		lower[i] = byte;
	}
	*host = (struct pa_span){lower, name};
	return true;
}

static const struct pa_verdict no_host = {400, "the Host header is missing"};

static struct pa_verdict read_host(struct pa_request *request, const struct seen *seen)
{
	if (seen->hosts == 0)
		return no_host;
	if (seen->hosts > 1)
		return refuse(400, "more than one Host header");
	if (!pa_gate_split_host(seen->host, request->host_bytes, &request->host))
		return refuse(400, "the Host header is malformed");
	return let_through;
}

struct pa_verdict pa_gate_host(struct pa_request *request, const char *const *hosts, size_t host_count)
{
	if (!request->host.at && host_count > 0)
		return no_host;
	for (size_t i = 0; i < host_count; i++)
		if (pa_text_equal(request->host, pa_text_span(hosts[i]))) {
			request->other_host = i > 0;
			return let_through;
		}
	if (host_count > 0 && strcmp(hosts[host_count - 1], PA_GATE_LOCAL) == 0 && pa_local_host_is(request->host))
		return let_through;
	request->other_host = true;
	return host_count == 0 ? let_through : refuse(421, "this server does not answer for that Host");
}

static struct pa_verdict read_framing(const struct seen *seen, struct pa_body_framing *framing)
{
	*framing = (struct pa_body_framing){.kind = PA_BODY_NONE};
	if (seen->lengths > 1)
		return refuse(400, "more than one Content-Length");
	if (seen->encodings > 0) {
		if (seen->lengths > 0)
			return refuse(400, "Transfer-Encoding together with Content-Length");
		if (seen->encodings > 1 || !pa_text_is(seen->encoding, "chunked"))
			return refuse(400, "the only Transfer-Encoding that this server knows is chunked");
		framing->kind = PA_BODY_CHUNKED;
	} else if (seen->lengths > 0) {
		size_t length = 0;
		if (seen->length.length == 0 || seen->length.length > 18)
			return refuse(400, "the Content-Length is not a number");
		for (size_t i = 0; i < seen->length.length; i++) {
			char digit = seen->length.at[i];
			if (digit < '0' || digit > '9')
				return refuse(400, "the Content-Length is not a number");
			length = length * 10 + (size_t)(digit - '0');
		}
		framing->kind = length > 0 ? PA_BODY_LENGTH : PA_BODY_NONE;
		framing->length = length;
	}
	if (seen->expect.at) {
		if (!pa_text_is(seen->expect, "100-continue"))
			return refuse(417, "the only Expect that this server knows is 100-continue");
		framing->expects_continue = framing->kind != PA_BODY_NONE;
	}
	return let_through;
}

struct pa_verdict pa_gate_headers(struct pa_request *request, bool any_host, struct pa_body_framing *framing)
{
	struct seen seen = {0};
	struct pa_verdict verdict;

	for (size_t i = 0; i < request->header_count; i++) {
		struct pa_header *header = &request->headers[i];
		header->value = pa_text_trim(header->value);
		if (!pa_text_is_token(header->name))
			return refuse(400, "a header name has a forbidden byte");
		if (!pa_text_is_field_value(header->value))
			return refuse(400, "a header value has a control byte");
		note(&seen, header);
	}
	verdict = any_host && seen.hosts == 0 ? let_through : read_host(request, &seen);
	return verdict.status ? verdict : read_framing(&seen, framing);
}

/* The request line */

static bool known_method(struct pa_span method)
{
	for (const char *at = PA_GATE_METHODS; *at;) {
		size_t length = strcspn(at, ",");
		if (length == method.length && memcmp(at, method.at, length) == 0)
			return true;
		at += length;
		at += strspn(at, ", ");
	}
	return false;
}

/* Refuses bad percent escapes, NUL and invalid UTF-8, so that no later reader of the query has to. */
static struct pa_verdict check_query(struct pa_span query, char *scratch)
{
	bool plain = true;

	for (size_t i = 0; i < query.length && plain; i++)
		plain = query.at[i] != '%' && query.at[i] > 0x20;
	if (plain)
		return let_through;
	long length = pa_text_decode(query, scratch, true);
	if (length < 0)
		return refuse(400, "the query has a bad percent escape");
	if (memchr(scratch, '\0', (size_t)length))
		return refuse(400, "the query has a NUL byte");
	if (!pa_text_is_utf8((struct pa_span){scratch, (size_t)length}))
		return refuse(400, "the query is not UTF-8");
	return let_through;
}

static bool has_dot_segment(struct pa_span path)
{
	for (size_t i = 0; i + 1 < path.length; i++) {
		if (path.at[i] != '/' || path.at[i + 1] != '.')
			continue;
		size_t next = i + 2;
		if (next < path.length && path.at[next] == '.')
			next++;
		if (next == path.length || path.at[next] == '/')
			return true;
	}
	return false;
}

/* Reads path and query of a target that begins with the path. */
static struct pa_verdict read_path(struct pa_request *request, char *path)
{
	struct pa_span target = request->target, raw = target;

	for (size_t i = 0; i < target.length; i++)
		if ((unsigned char)target.at[i] <= 0x20 || target.at[i] == 0x7f || target.at[i] == '#')
			return refuse(400, "the request target has a forbidden byte");
	const char *mark = memchr(target.at, '?', target.length);
	if (mark) {
		raw.length = (size_t)(mark - target.at);
		request->query = (struct pa_span){mark + 1, target.length - raw.length - 1};
		struct pa_verdict verdict = check_query(request->query, path);
		if (verdict.status)
			return verdict;
	}
	if (raw.length == 0) /* http://host?query */
		raw = pa_text_span("/");
	long length = pa_text_decode(raw, path, false);
	if (length < 0)
		return refuse(400, "the path has a bad percent escape");
	request->path = (struct pa_span){path, (size_t)length};
	for (long i = 0; i < length; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f || path[i] == '\\')
			return refuse(400, "the path has a forbidden byte");
	if (!pa_text_is_utf8(request->path))
		return refuse(400, "the path is not UTF-8");
	if (has_dot_segment(request->path) || memmem(path, (size_t)length, "//", 2))
		return refuse(400, "the path has an empty or dot segment");
	return let_through;
}

/* Takes scheme and host off a target in absolute-form (RFC 9112 3.2.2). */
static struct pa_verdict strip_origin(struct pa_request *request)
{
	static const char *const schemes[] = {"http://", "https://"};
	struct pa_span rest = request->target;

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t begin = strlen(schemes[i]), end = begin;
		if (rest.length < begin || strncasecmp(rest.at, schemes[i], begin) != 0)
			continue;
		while (end < rest.length && rest.at[end] != '/' && rest.at[end] != '?')
			end++;
		if (!pa_gate_split_host((struct pa_span){rest.at + begin, end - begin}, request->host_bytes, &request->host))
			return refuse(400, "the host in the request target is malformed");
		request->target = (struct pa_span){rest.at + end, rest.length - end};
		return let_through;
	}
	return refuse(400, "the request target must be a path, or a URL of this server");
}

/* Of OPTIONS * and OPTIONS http://host (RFC 9112 3.2.4). */
static bool is_of_the_whole_server(const struct pa_request *request)
{
	return pa_text_equal(request->method, pa_text_span("OPTIONS")) &&
		   (request->target.length == 0 || pa_text_equal(request->target, pa_text_span("*")));
}

struct pa_verdict pa_gate_target(struct pa_request *request, char *path)
{
	if (!known_method(request->method))
		return refuse(501, "this server does not know that method");
	if (request->target.length > PA_GATE_TARGET_MAX)
		return refuse(414, "the request target is too long");
	if (request->target.length == 0)
		return refuse(400, "the request target is missing");
	request->query = (struct pa_span){0};
	if (request->target.at[0] != '/' && !is_of_the_whole_server(request)) {
		struct pa_verdict verdict = strip_origin(request);
		if (verdict.status)
			return verdict;
	}
	if (is_of_the_whole_server(request)) {
		request->path = pa_text_span("*");
		return let_through;
	}
	return read_path(request, path);
}

bool pa_gate_is_one_line(const struct pa_request *request, const char *version)
{
	return request->target.at == request->method.at + request->method.length + 1 &&
		   version == request->target.at + request->target.length + 1 + strlen("HTTP/");
}

/* Layout: civetweb splits the header block by writing NULs into it. The positions of the pieces show what it skipped.
 */

struct pa_verdict pa_gate_layout(const struct pa_request *request, const char *head, const char *end)
{
	const char *at = head;

	if (request->header_count == 0)
		return let_through;
	for (size_t i = 0; i < request->header_count; i++) {
		const struct pa_header *header = &request->headers[i];
		const char *name_end = header->name.at + header->name.length,
				   *value_end = header->value.at + header->value.length;
		if (header->name.at != at)
			return refuse(400, "a header line does not end with CR LF");
		for (const char *gap = name_end + 1; gap < header->value.at; gap++)
			if (*gap != ' ' && *gap != '\t')
				return refuse(400, "white space before a header's colon");
		if (value_end[0] != '\0' || value_end[1] != '\0')
			return refuse(400, "a header line does not end with CR LF");
		at = value_end + 2;
	}
	/* After the last line comes the empty one, whose LF civetweb has overwritten with NUL. */
	if (end - at < 2 || at[0] != '\r' || at[1] != '\0')
		return refuse(400, "the header block has a folded or malformed line");
	return let_through;
}

bool pa_gate_begins(const char *method, const char **buffer)
{
	if (!*buffer || method < *buffer)
		*buffer = method;
	return method == *buffer && (uintptr_t)method % _Alignof(max_align_t) == 0;
}
