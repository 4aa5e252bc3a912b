/*
 * One hop of a transfer: how its request reaches an origin, directly or through a proxy, over a kept connection or a
 * new one, and what is refused on the way. A transfer owns it with the easy handle that it sets up; used by one thread
 * at a time, which is the driver's while the hop runs. Never raises.
 */
#ifndef PA_HOP_H
#define PA_HOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "client/allow.h"
#include "client/connections.h"
#include "client/origins.h"
#include "client/proxy.h"

enum pa_hop_way {
	PA_HOP_DIRECT,
	PA_HOP_JUDGING, /* a proxy will be asked: curl resolves the host first, and is given no socket for its addresses */
	PA_HOP_PROXIED, /* the addresses that curl connects to are the proxy's */
};

/* Why a hop was ended from here. */
enum pa_hop_stopped {
	PA_HOP_NOT_STOPPED,
	PA_HOP_DENIED,    /* the address is private (SS-03) */
	PA_HOP_REPEATED,  /* curl would send it a second time, and it must arrive only once (SS-11) */
	PA_HOP_STALE,     /* on the kept connection something came unasked, which would be taken for the answer (RT-14) */
	PA_HOP_UNPROXIED, /* the proxy answered in the place of the origin: it wants another user or password */
};

/* The transfer reads all of it, and sets `once` and `stopped`. */
struct pa_hop {
	CURL *easy;
	const struct pa_allow *allow;
	const struct pa_proxy *proxies;
	struct pa_connections *connections;
	struct pa_origins origins;
	char origin[PA_URL_ORIGIN_SIZE];
	const char *proxy; /* NULL: none */
	enum pa_hop_way way;
	enum pa_hop_stopped stopped;
	bool allowed;   /* private addresses too */
	bool once;      /* not idempotent: may be sent once only (SS-11) */
	bool sent;      /* curl had a connection and began to send */
	bool is_kept;   /* it was sent on a connection that others use or used: the peer may have closed that meanwhile */
	bool is_fresh;  /* it has a new connection */
	int local_port; /* of the connection; 0 before it is sent */
};

/* Makes an easy handle ask the hop about each connection. All four are borrowed until pa_hop_free; the connections also
 * by what the handle's sockets call when they close. */
void pa_hop_init(struct pa_hop *hop, CURL *easy, const struct pa_allow *allow, const struct pa_proxy *proxies,
	struct pa_connections *connections);

/* Call after the easy handle's own end. A zeroed hop is fine. */
void pa_hop_free(struct pa_hop *hop);

/* Forgets what became of the request: nothing was sent, nothing was refused. */
void pa_hop_reset(struct pa_hop *hop);

/* Sets the URL to ask, which ends with NUL, and the way to its origin. 0, or -1 with code "usage" or "http" (memory).
 */
int pa_hop_set_url(struct pa_hop *hop, const char *text, size_t length, struct pa_error *error);

/* Goes on through the proxy, once the addresses of the host were judged. 0, or -1 without memory. */
int pa_hop_use_proxy(struct pa_hop *hop);

/* Goes the same way again over a new connection. `was_sent`: the request may have arrived already. */
void pa_hop_use_fresh(struct pa_hop *hop, bool was_sent);

/* An answer of HTTP/1 began on the connection. */
void pa_hop_answered(struct pa_hop *hop);

#endif
