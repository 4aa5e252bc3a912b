/* Makes an entry of a request and its response. */
#include "run/recorder.h"

#include "base/clock.h"
#include "traffic/traffic.h"

static bool begins(struct pa_span path, const char *word)
{
	size_t length = strlen(word);

	return path.length >= length && memcmp(path.at, word, length) == 0 &&
		   (path.length == length || path.at[length] == '/');
}

/* What comes each second, or shows the record itself: it would push out what a person looks for. A client cannot hide a
 * request that changes something, or that failed. */
static bool is_left_out(const struct pa_request *request, const struct pa_response *response)
{
	if (begins(request->path, "/dashboard")) /* its forms carry settings that only the destination knows as secret */
		return true;
	return response->status < 400 &&
		   (begins(request->path, "/healthz") || begins(request->path, "/readyz") ||
			   begins(request->path, "/metrics") || begins(request->path, "/static/partnerapp") ||
			   begins(request->path, "/static/partnerapp_dashboard") ||
			   (pa_text_is(request->method, "GET") && pa_request_header(request, "x-live").at));
}

/* The lines after the one with the status. */
static struct pa_span lines_of(struct pa_span head)
{
	const char *end = head.length > 0 ? memchr(head.at, '\n', head.length) : NULL;

	return end ? (struct pa_span){end + 1, head.length - (size_t)(end + 1 - head.at)} : head;
}

void pa_recorder_request(void *context, const struct pa_request *request, const struct pa_response *response,
	struct pa_span head, struct pa_span body, int64_t took_ns)
{
	const struct pa_request_note *note = request->note;

	if (is_left_out(request, response))
		return;
	struct pa_entry entry = {.status = response->status,
		.at_ns = pa_clock_wall_ns() - took_ns,
		.took_ns = took_ns,
		.headers = request->headers,
		.header_count = request->header_count};
	entry.texts[PA_ENTRY_METHOD] = request->method;
	entry.texts[PA_ENTRY_URL] = request->target;
	entry.texts[PA_ENTRY_OUTCOME] = pa_text_span(note->refusal[0] ? "refused" : "answered");
	entry.texts[PA_ENTRY_ERROR] = pa_text_span(note->refusal);
	entry.texts[PA_ENTRY_REQUEST_ID] = pa_text_span(request->id);
	entry.texts[PA_ENTRY_INSTALL] = pa_text_span(note->install);
	entry.texts[PA_ENTRY_PEER] = request->ip;
	entry.texts[PA_ENTRY_REQUEST_BODY] = request->body;
	entry.texts[PA_ENTRY_RESPONSE_HEAD] = lines_of(head);
	entry.texts[PA_ENTRY_RESPONSE_BODY] = body;
	pa_traffic_add(context, &entry);
}
