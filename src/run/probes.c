/* A second, small server. */
#include "run/probes.h"

#include <stdlib.h>

/* Who asks is a program on a fast network: it sends its request at once, and closes. */
enum { HEADER_MS = 2000, BODY_MS = 1000, WRITE_MS = 2000, IDLE_MS = 2000, BODY_MAX = 1 };

struct pa_probes {
	struct pa_pool *pool;
	const struct pa_server *watched;
	struct pa_server *server;
};

/* /healthz is answered by the server itself. */
static void handle(void *context, const struct pa_request *request, struct pa_response *response)
{
	const struct pa_probes *probes = context;

	if (!pa_text_equal(request->path, pa_text_span("/readyz")))
		pa_response_text(response, 404, "only /healthz and /readyz are here\n");
	else if (!pa_server_has_room(probes->watched))
		pa_response_unavailable(response, "the server is busy or stopping\n");
	else
		pa_pool_handle(probes->pool, request, response);
}

static void observe(void *context, const struct pa_request *request, int status, const char *reason)
{
	const struct pa_probes *probes = context;

	pa_pool_observe(probes->pool, request, status, reason);
}

struct pa_probes *pa_probes_open(
	const char *listen, struct pa_pool *pool, const struct pa_server *server, struct pa_error *error)
{
	struct pa_probes *probes = calloc(1, sizeof *probes);

	if (!probes) {
		pa_error_set(error, "memory", "not enough memory");
		return NULL;
	}
	probes->pool = pool;
	probes->watched = server;
	probes->server = pa_server_open(
		&(struct pa_server_options){
			.name = "health",
			.listen = listen,
			.listen_setting = "HEALTH_LISTEN",
			.workers = PA_PROBES_WORKERS,
			.queue = PA_PROBES_QUEUE,
			.body_max = BODY_MAX,
			.header_ms = HEADER_MS,
			.body_ms = BODY_MS,
			.write_ms = WRITE_MS,
			.idle_ms = IDLE_MS,
			.handle = handle,
			.observe = observe,
			.context = probes,
		},
		error);
	if (!probes->server) {
		free(probes);
		return NULL;
	}
	return probes;
}

void pa_probes_close(struct pa_probes *probes)
{
	if (!probes)
		return;
	pa_server_close(probes->server);
	free(probes);
}
