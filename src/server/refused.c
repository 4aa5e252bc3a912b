#include "server/refused.h"

#include <stdio.h>
#include <string.h>

#include "server/head.h"

static int add(struct pa_buffer *out, const char *text)
{
	return pa_buffer_add(out, text, strlen(text));
}

/* The escape of a byte in HTML or in a string of JSON; NULL when it needs none. */
static const char *escape_of(char byte, bool html, char *room)
{
	if (html)
		return byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : byte == '>' ? "&gt;" : byte == '"' ? "&quot;" : NULL;
	if (byte != '"' && byte != '\\')
		return NULL;
	room[0] = '\\';
	room[1] = byte;
	room[2] = '\0';
	return room;
}

static int add_escaped(struct pa_buffer *out, const char *text, bool html)
{
	int failed = 0;
	char room[3];

	for (; *text; text++) {
		const char *escape = escape_of(*text, html, room);
		failed |= escape ? add(out, escape) : pa_buffer_add(out, text, 1);
	}
	return failed;
}

static int add_page(struct pa_buffer *out, const struct pa_request *request, int status, const char *reason)
{
	char title[80];
	int failed = 0;

	snprintf(title, sizeof title, "%d %s", status, pa_head_reason(status));
	failed |= add(out, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
	failed |= add(out, title);
	failed |= add(out, "</title></head>\n<body>\n<h1>");
	failed |= add(out, title);
	failed |= add(out, "</h1>\n<p>This request was refused: ");
	failed |= add_escaped(out, reason, true);
	failed |= add(out, ".</p>\n<p>Request ");
	failed |= add(out, request->id);
	return failed | add(out, "</p>\n</body>\n</html>\n");
}

static int add_json(struct pa_buffer *out, const struct pa_request *request, const char *reason)
{
	int failed = add(out, "{\"error\":\"");

	failed |= add_escaped(out, reason, false);
	failed |= add(out, "\",\"request_id\":\"");
	failed |= add(out, request->id);
	return failed | add(out, "\"}");
}

void pa_refused_respond(const struct pa_request *request, int status, const char *reason, struct pa_response *response)
{
	bool is_page = pa_request_accepts(request, "text/html");
	bool is_json = !is_page && pa_request_accepts(request, "application/json");
	const char *type = is_page   ? "text/html; charset=utf-8"
					   : is_json ? "application/json"
								 : "text/plain; charset=utf-8";
	int failed = 0;

	pa_response_reset(response);
	response->status = status;
	pa_response_header(response, pa_text_span("Content-Type"), pa_text_span(type), NULL);
	if (is_page)
		failed = add_page(&response->body, request, status, reason);
	else if (is_json)
		failed = add_json(&response->body, request, reason);
	else
		failed = add(&response->body, reason) | add(&response->body, "\n");
	if (failed)
		response->body.length = 0;
}
