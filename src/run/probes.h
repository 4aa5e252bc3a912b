/*
 * HEALTH_LISTEN: /healthz and /readyz of a server on a listener and threads of their own, for what supervises the
 * process (HT-18, OP-03). They are answered in bounded time, whatever happens on the port of the app. Used by the main
 * thread. Never raises.
 */
#ifndef PA_PROBES_H
#define PA_PROBES_H

#include "base/error.h"
#include "script/pool.h"
#include "server/server.h"

enum { PA_PROBES_WORKERS = 8, PA_PROBES_QUEUE = 32 }; /* threads, and connections that wait for one */

struct pa_probes;

/* `pool` and `server` are borrowed and outlive the probes. NULL with a code of pa_server_open, or "memory". */
struct pa_probes *pa_probes_open(
	const char *listen, struct pa_pool *pool, const struct pa_server *server, struct pa_error *error);

/* NULL does nothing. */
void pa_probes_close(struct pa_probes *probes);

#endif
