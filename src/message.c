/* Requests, responses and the buffers they are made of. */
#include "message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

struct pa_span pa_request_header(const struct pa_request *request, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request->header_count; i++) {
		const struct pa_header *header = &request->headers[i];
		if (header->name.length == length && strncasecmp(header->name.at, name, length) == 0)
			return header->value;
	}
	return (struct pa_span){0};
}

static int reserve(struct pa_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 512;

	if (buffer->size - buffer->length >= more)
		return 0;
	while (size - buffer->length < more) {
		if (size > SIZE_MAX / 2)
			return -1;
		size *= 2;
	}
	char *moved = realloc(buffer->at, size);
	if (!moved)
		return -1;
	buffer->at = moved;
	buffer->size = size;
	return 0;
}

int pa_buffer_add(struct pa_buffer *buffer, const char *bytes, size_t length)
{
	if (reserve(buffer, length) < 0)
		return -1;
	if (length > 0)
		memcpy(buffer->at + buffer->length, bytes, length);
	buffer->length += length;
	return 0;
}

void pa_buffer_free(struct pa_buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct pa_buffer){0};
}

enum { KEPT_BYTES = 256 << 10 }; /* a larger buffer was the exception: not worth keeping */

static void empty(struct pa_buffer *buffer)
{
	if (buffer->size > KEPT_BYTES)
		pa_buffer_free(buffer);
	buffer->length = 0;
}

void pa_response_reset(struct pa_response *response)
{
	response->status = 0;
	response->has = 0;
	response->close = false;
	response->spoil = PA_SPOIL_NONE;
	empty(&response->headers);
	empty(&response->body);
}

void pa_response_free(struct pa_response *response)
{
	pa_buffer_free(&response->headers);
	pa_buffer_free(&response->body);
	*response = (struct pa_response){0};
}

/* RFC 9110 5.6.2 */
static const bool token_bytes[256] = {
	['!'] = 1,
	['#'] = 1,
	['$'] = 1,
	['%'] = 1,
	['&'] = 1,
	['\''] = 1,
	['*'] = 1,
	['+'] = 1,
	['-'] = 1,
	['.'] = 1,
	['^'] = 1,
	['_'] = 1,
	['`'] = 1,
	['|'] = 1,
	['~'] = 1,
	['0' ... '9'] = 1,
	['A' ... 'Z'] = 1,
	['a' ... 'z'] = 1,
};

bool pa_is_token(struct pa_span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!token_bytes[(unsigned char)text.at[i]])
			return false;
	return text.length > 0;
}

bool pa_is_field_value(struct pa_span text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

enum { SERVER_OWN = 1 << 30 };

/* The header names that matter to the server, by length: few enough to compare. */
static unsigned classify(struct pa_span name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {
		{"content-type", PA_HAS_CONTENT_TYPE},
		{"content-security-policy", PA_HAS_CSP},
		{"referrer-policy", PA_HAS_REFERRER_POLICY},
		{"cache-control", PA_HAS_CACHE_CONTROL},
		{"permissions-policy", PA_HAS_PERMISSIONS_POLICY},
		{"cross-origin-opener-policy", PA_HAS_OPENER_POLICY},
		{"retry-after", PA_HAS_RETRY_AFTER},
		{"content-length", SERVER_OWN},
		{"connection", SERVER_OWN},
		{"transfer-encoding", SERVER_OWN},
		{"date", SERVER_OWN},
		{"keep-alive", SERVER_OWN},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strlen(known[i].name) == name.length && strncasecmp(known[i].name, name.at, name.length) == 0)
			return known[i].bit;
	return 0;
}

int pa_response_header(struct pa_response *response, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	struct pa_buffer *out = &response->headers;
	size_t before = out->length;

	if (!pa_is_token(name))
		return pa_error_set(error, "bad_header", "'%.*s' is no header name", (int)(name.length & 63), name.at);
	if (!pa_is_field_value(value))
		return pa_error_set(error, "bad_header", "the value of header %.*s has a control byte (a line break?)",
			(int)(name.length & 63), name.at);
	unsigned bit = classify(name);
	if (bit == SERVER_OWN)
		return pa_error_set(error, "bad_header", "the server sets %.*s itself", (int)name.length, name.at);
	if (pa_buffer_add(out, name.at, name.length) < 0 || pa_buffer_add(out, ": ", 2) < 0 ||
		pa_buffer_add(out, value.at, value.length) < 0 || pa_buffer_add(out, "\r\n", 2) < 0) {
		out->length = before;
		return pa_error_set(error, "memory", "not enough memory for the response");
	}
	response->has |= bit;
	if (bit == PA_HAS_CONTENT_TYPE && value.length >= 9 && strncasecmp(value.at, "text/html", 9) == 0)
		response->has |= PA_HAS_HTML;
	return 0;
}

int pa_response_body(struct pa_response *response, const char *bytes, size_t length)
{
	response->body.length = 0;
	return pa_buffer_add(&response->body, bytes, length);
}

void pa_response_text(struct pa_response *response, int status, const char *text)
{
	static const struct pa_span name = {"Content-Type", 12}, value = {"text/plain; charset=utf-8", 25};

	pa_response_reset(response);
	response->status = status;
	pa_response_header(response, name, value, NULL);
	pa_response_body(response, text, strlen(text));
}
