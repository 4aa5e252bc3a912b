/* Lines in one buffer, and a list of curl's that points into it. */
#include "client/header_lines.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"

enum {
	KEPT_BYTES = 64 << 10, /* a larger buffer is not kept for the next request */
	VALUE_MAX = 16 << 10,  /* OAuth servers give tokens of 12 KiB and more */
	EXPECT_FROM = 1 << 20, /* bytes of a body from which on curl would send Expect and wait for a 100 */
};

struct pa_header_lines {
	struct pa_buffer bytes; /* "Name: value", each ended by NUL */
	size_t count;
	bool has_content_type, has_authorization, has_user_agent;
	struct curl_slist list[PA_HEADER_LINES_MAX + 3]; /* made by pa_header_lines_list */
};

struct pa_header_lines *pa_header_lines_new(void)
{
	return calloc(1, sizeof(struct pa_header_lines));
}

static void wipe(struct pa_header_lines *lines)
{
	if (lines->bytes.length > 0)
		explicit_bzero(lines->bytes.at, lines->bytes.length);
}

void pa_header_lines_free(struct pa_header_lines *lines)
{
	if (!lines)
		return;
	wipe(lines);
	pa_buffer_free(&lines->bytes);
	free(lines);
}

void pa_header_lines_reset(struct pa_header_lines *lines)
{
	wipe(lines);
	pa_buffer_reset(&lines->bytes, KEPT_BYTES);
	lines->count = 0;
	lines->has_content_type = lines->has_authorization = lines->has_user_agent = false;
}

static bool is_reserved(struct pa_span name)
{
	static const char *const reserved[] = {"Connection", "Content-Length", "Expect", "Host", "Keep-Alive",
		"Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", NULL};

	for (size_t i = 0; reserved[i]; i++)
		if (pa_text_is(name, reserved[i]))
			return true;
	return false;
}

static int check(struct pa_header_lines *lines, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	if (!pa_text_is_token(name) || name.length > 255)
		return pa_error_set(error, "usage", "'%.*s' is not a header name", (int)name.length, name.at);
	if (is_reserved(name))
		return pa_error_set(
			error, "usage", "the header %.*s is set by the client, not by a request", (int)name.length, name.at);
	if (!pa_text_is_field_value(value) || value.length > VALUE_MAX)
		return pa_error_set(
			error, "usage", "the value of header %.*s is too long or has a control byte", (int)name.length, name.at);
	if (pa_text_is(name, "Authorization")) {
		if (lines->has_authorization)
			return pa_error_set(error, "usage", "a request has one Authorization only");
		lines->has_authorization = true;
	}
	lines->has_content_type |= pa_text_is(name, "Content-Type");
	lines->has_user_agent |= pa_text_is(name, "User-Agent");
	return 0;
}

/* Makes room for `more` bytes. What moves leaves no copy behind. 0, or -1 without memory. */
static int make_room(struct pa_header_lines *lines, size_t more)
{
	struct pa_buffer wider = {0};

	if (lines->bytes.size - lines->bytes.length >= more)
		return 0;
	if (pa_buffer_grow(&wider, lines->bytes.length + more) < 0 ||
		pa_buffer_add(&wider, lines->bytes.at, lines->bytes.length) < 0)
		return -1;
	wipe(lines);
	pa_buffer_free(&lines->bytes);
	lines->bytes = wider;
	return 0;
}

/* Adds a line whose value has a prefix, which is not counted in its limit. */
static int add(struct pa_header_lines *lines, struct pa_span name, struct pa_span prefix, struct pa_span value,
	struct pa_error *error)
{
	struct pa_buffer *bytes = &lines->bytes;
	bool empty = prefix.length + value.length == 0;
	size_t more = name.length + 2 + prefix.length + value.length + 1;

	if (lines->count == PA_HEADER_LINES_MAX)
		return pa_error_set(error, "usage", "more than %d headers", PA_HEADER_LINES_MAX);
	if (check(lines, name, value, error) < 0)
		return -1;
	/* "Name;" is curl's form of a header with an empty value. */
	if (make_room(lines, more) < 0 || pa_buffer_add(bytes, name.at, name.length) < 0 ||
		pa_buffer_add(bytes, empty ? ";" : ": ", empty ? 1 : 2) < 0 ||
		pa_buffer_add(bytes, prefix.at, prefix.length) < 0 || pa_buffer_add(bytes, value.at, value.length) < 0 ||
		pa_buffer_add(bytes, "", 1) < 0)
		return pa_error_set(error, "http", "not enough memory");
	lines->count++;
	return 0;
}

int pa_header_lines_add(
	struct pa_header_lines *lines, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	return add(lines, name, pa_text_span(""), value, error);
}

int pa_header_lines_add_basic(
	struct pa_header_lines *lines, struct pa_span user, struct pa_span password, struct pa_error *error)
{
	unsigned char pair[PA_HEADER_LINES_BASIC_MAX + 1];
	char value[6 + PA_BASE64_ROOM(sizeof pair)] = "Basic ";

	if (user.length + password.length > PA_HEADER_LINES_BASIC_MAX || memchr(user.at, ':', user.length))
		return pa_error_set(error, "usage",
			"basic: the user name must have no colon, and user name and password at most %d bytes together",
			PA_HEADER_LINES_BASIC_MAX);
	memcpy(pair, user.at, user.length);
	pair[user.length] = ':';
	memcpy(pair + user.length + 1, password.at, password.length);
	size_t length = 6 + pa_base64_encode(pair, user.length + 1 + password.length, false, value + 6);
	int result = pa_header_lines_add(lines, pa_text_span("Authorization"), (struct pa_span){value, length}, error);
	explicit_bzero(pair, sizeof pair);
	explicit_bzero(value, sizeof value);
	return result;
}

int pa_header_lines_add_bearer(struct pa_header_lines *lines, struct pa_span token, struct pa_error *error)
{
	if (token.length > VALUE_MAX)
		return pa_error_set(error, "usage", "bearer: the token must have at most %d bytes", VALUE_MAX);
	return add(lines, pa_text_span("Authorization"), pa_text_span("Bearer "), token, error);
}

struct pa_span pa_header_lines_bytes(const struct pa_header_lines *lines)
{
	return (struct pa_span){lines->bytes.at, lines->bytes.length};
}

struct curl_slist *pa_header_lines_list(struct pa_header_lines *lines, struct pa_span body)
{
	static char no_content_type[] = "Content-Type:", no_expect[] = "Expect:"; /* curl's form of "leave it out" */
	static char user_agent[] = "User-Agent: " PA_HEADER_LINES_USER_AGENT;
	size_t count = 0;
	char *at = lines->bytes.at;

	if (!lines->has_user_agent)
		lines->list[count++].data = user_agent;
	for (size_t i = 0; i < lines->count; i++, at += strlen(at) + 1)
		lines->list[count++].data = at;
	if (body.at && !lines->has_content_type)
		lines->list[count++].data = no_content_type;
	if (body.length >= EXPECT_FROM)
		lines->list[count++].data = no_expect;
	for (size_t i = 0; i < count; i++)
		lines->list[i].next = i + 1 < count ? &lines->list[i + 1] : NULL;
	return lines->list;
}
