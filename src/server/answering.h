#ifndef PA_ANSWERING_H
#define PA_ANSWERING_H

/* What a server holds, for opening.c, which opens and closes it, and answering.c, which answers its requests in
 * civetweb's callbacks. */
#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "server/exchange.h"
#include "server/peers.h"
#include "server/server.h"

/* What a worker thread uses for all its requests. */
struct pa_worker {
	struct pa_exchange exchange;
	struct pa_peer peer;
	bool whole; /* its request is counted in server->whole */
	bool used;  /* its connection had a request before */
	bool last;  /* civetweb closes the connection after this request */
};

struct pa_server {
	struct mg_context *civetweb;
	struct pa_server_options options;
	struct pa_exchange_context shared; /* defaults filled in */
	unsigned port;                     /* it listens on; only for the thread that opened the server */
	struct pa_peers *peers;
	struct pa_worker *workers; /* one block, which malloc maps: pages of workers without a request are never touched */
	_Atomic unsigned worker_count;
	_Atomic unsigned connections;
	_Atomic unsigned in_flight; /* requests whose head was read */
	_Atomic unsigned whole;     /* of those, whose body was read too */
	pthread_mutex_t mutex;      /* for `idle` */
	pthread_cond_t idle;        /* signalled when draining and no request is in flight */
};

/* A sixteenth of the workers is reserved to answer 503 and /healthz (HT-19). server/peers keeps them free of
 * connections without a request. */
static inline bool pa_answering_has_room(const struct pa_server *server, unsigned whole)
{
	return whole <= server->options.workers - server->options.workers / 16;
}

/* civetweb's begin_request: answers every request, so that civetweb's own file serving is never reached (HT-21).
 * Returns the status for civetweb. */
int pa_answering_begin_request(struct mg_connection *connection);

/* civetweb's http_error: what civetweb refuses by itself is answered, counted and logged as our own refusals are.
 * Returns 0: civetweb sends no text of its own. */
int pa_answering_http_error(struct mg_connection *connection, int status, const char *message);

#endif
