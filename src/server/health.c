#include "server/health.h"

static bool reads(const struct pa_request *request, const char *path)
{
	return pa_text_equal(request->path, pa_text_span(path)) &&
		   (pa_text_equal(request->method, pa_text_span("GET")) ||
			   pa_text_equal(request->method, pa_text_span("HEAD")));
}

bool pa_health_is(const struct pa_request *request)
{
	return reads(request, "/healthz");
}

bool pa_health_is_probe(const struct pa_request *request)
{
	return reads(request, "/healthz") || reads(request, "/readyz");
}

void pa_health_respond(struct pa_response *response)
{
	pa_response_text(response, 200, "ok\n");
}
