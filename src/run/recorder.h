/* Records the requests of a server: what server/server.h tells, as an entry of traffic. Any thread; never raises. */
#ifndef PA_RECORDER_H
#define PA_RECORDER_H

#include "server/server.h"

/* A pa_server_recorder; the context is a struct pa_traffic. Those for /dashboard are left out, and, unless their
 * status is from 400 on, health checks, the library's own static files, and GETs of pages that ask again and again. */
void pa_recorder_request(void *context, const struct pa_request *request, const struct pa_response *response,
	struct pa_span head, struct pa_span body, int64_t took_ns);

#endif
