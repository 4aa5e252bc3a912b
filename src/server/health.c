#include "server/health.h"

bool pa_health_is(const struct pa_request *request)
{
	bool reads =
		pa_text_equal(request->method, pa_text_span("GET")) || pa_text_equal(request->method, pa_text_span("HEAD"));

	return reads && pa_text_equal(request->path, pa_text_span("/healthz"));
}

void pa_health_respond(struct pa_response *response)
{
	pa_response_text(response, 200, "ok\n");
}
