/* Makes an entry of a transfer. */
#include "native/http_record.h"

#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "native/services.h"
#include "traffic/traffic.h"

enum { NS_OF_MS = 1000000 };

static void add_cause(struct pa_entry *entry, const struct pa_request *request)
{
	entry->texts[PA_ENTRY_REQUEST_ID] = pa_text_span(request->id);
	if (request->note)
		entry->texts[PA_ENTRY_INSTALL] = pa_text_span(request->note->install);
}

static void add_answer(struct pa_entry *entry, const struct pa_answer *answer)
{
	struct pa_span url = pa_text_span(answer->url);

	entry->status = (int)answer->status;
	entry->texts[PA_ENTRY_OUTCOME] = pa_text_span("answered");
	entry->texts[PA_ENTRY_RESPONSE_HEAD] = answer->head;
	entry->texts[PA_ENTRY_RESPONSE_BODY] = answer->body;
	if (!pa_text_equal(url, entry->texts[PA_ENTRY_URL]))
		entry->texts[PA_ENTRY_PEER] = url;
}

void pa_http_record_call(const struct pa_native_context *context, const struct pa_transfer *transfer,
	const struct pa_answer *answer, const struct pa_error *error)
{
	struct pa_traffic *traffic = context->services->traffic;

	if (!traffic)
		return;
	const struct pa_transfer_request asked = pa_transfer_asked(transfer);
	struct pa_entry entry = {.out = true, .took_ns = (pa_clock_ms() - asked.begun_ms) * NS_OF_MS};
	entry.at_ns = pa_clock_wall_ns() - entry.took_ns;
	entry.texts[PA_ENTRY_METHOD] = asked.method;
	entry.texts[PA_ENTRY_URL] = asked.url;
	entry.texts[PA_ENTRY_REQUEST_HEAD] = asked.head;
	entry.texts[PA_ENTRY_REQUEST_BODY] = asked.body;
	if (context->request)
		add_cause(&entry, context->request);
	if (answer) {
		add_answer(&entry, answer);
	} else {
		entry.texts[PA_ENTRY_OUTCOME] = pa_text_span(error->code);
		entry.texts[PA_ENTRY_ERROR] = pa_text_span(error->text);
	}
	pa_traffic_add(traffic, &entry);
}
