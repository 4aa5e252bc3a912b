/* Finds headers of requests; builds responses. */
#include "base/message.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/stats.h"

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

bool pa_request_accepts(const struct pa_request *request, const char *type)
{
	struct pa_span accept = pa_request_header(request, "accept");
	size_t length = strlen(type);

	for (; accept.at && accept.length >= length; accept.at++, accept.length--)
		if (strncasecmp(accept.at, type, length) == 0)
			return true;
	return false;
}

static void set_note(char *room, size_t size, struct pa_span text)
{
	if (text.length >= size)
		return;
	memcpy(room, text.at, text.length);
	room[text.length] = '\0';
}

void pa_request_set_install(const struct pa_request *request, struct pa_span install)
{
	if (request->note)
		set_note(request->note->install, sizeof request->note->install, install);
}

void pa_request_set_refusal(const struct pa_request *request, struct pa_span reason)
{
	struct pa_request_note *note = request->note;

	if (!note)
		return;
	if (reason.length >= sizeof note->refusal)
		reason.length = sizeof note->refusal - 1;
	set_note(note->refusal, sizeof note->refusal, reason);
}

void pa_response_reset(struct pa_response *response)
{
	response->status = 0;
	response->has = 0;
	response->close = false;
	response->fault = PA_FAULT_NONE;
	pa_buffer_reset(&response->headers, PA_BUFFER_SMALL);
	pa_buffer_reset(&response->body, PA_BUFFER_SMALL);
}

void pa_response_free(struct pa_response *response)
{
	pa_buffer_free(&response->headers);
	pa_buffer_free(&response->body);
	*response = (struct pa_response){0};
}

enum { SERVER_OWN = 1 << 30 }; /* a header that only the server may set */

/* The PA_HAS_ bit of a header, SERVER_OWN, or 0 for any other name. */
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
		{"content-length", SERVER_OWN},
		{"connection", SERVER_OWN},
		{"transfer-encoding", SERVER_OWN},
		{"date", SERVER_OWN},
		{"keep-alive", SERVER_OWN},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (pa_text_is(name, known[i].name))
			return known[i].bit;
	return 0;
}

int pa_response_header(struct pa_response *response, struct pa_span name, struct pa_span value, struct pa_error *error)
{
	struct pa_buffer *out = &response->headers;
	size_t before = out->length;

	if (!pa_text_is_token(name))
		return pa_error_set(error, "bad_header", "'%.*s' is not a header name", (int)name.length, name.at);
	if (!pa_text_is_field_value(value))
		return pa_error_set(error, "bad_header", "the value of header %.*s has a control byte (a line break?)",
			(int)name.length, name.at);
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
	pa_response_reset(response);
	response->status = status;
	pa_response_header(response, pa_text_span("Content-Type"), pa_text_span("text/plain; charset=utf-8"), NULL);
	pa_response_body(response, text, strlen(text));
}

void pa_response_unavailable(struct pa_response *response, const char *text)
{
	pa_response_text(response, 503, text);
	pa_response_header(response, pa_text_span("Retry-After"), pa_text_span("1"), NULL);
	pa_stats_add(PA_STAT_OVERLOADED, 1);
}
