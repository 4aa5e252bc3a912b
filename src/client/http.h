/* Calls out over libcurl: one service for each server. Any thread may call, but for open and close. Never raises. */
#ifndef PA_HTTP_H
#define PA_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "client/call.h"
#include "client/proxy.h"

struct pa_http;

/* The strings are copied. */
struct pa_http_options {
	const char *allow; /* origins that may be reached although their address is private, in the form of pa_allow_read */
	const char *ca_file;           /* certificates to trust instead of the system's, as PEM; NULL: those */
	struct pa_proxy_options proxy; /* for pa_proxy_read */
	unsigned calls_max;  /* how many may run at once, so that workers stay free while an upstream is slow (RT-12) */
	unsigned per_second; /* how many may begin in a second, all together (SS-10); 0 is any number, of calls_max too */
};

/* NULL with code "http" (memory) or "usage". */
struct pa_http *pa_http_open(const struct pa_http_options *options, struct pa_error *error);

/* Counts one call that is about to begin. 0, or -1 with code "busy" beyond `per_second`. */
int pa_http_admit(struct pa_http *http, struct pa_error *error);

/* Leases a call of this service: see pa_call_lease. */
struct pa_call *pa_http_lease(struct pa_http *http, size_t count, struct pa_error *error);

/* Makes a connection to an origin, as pa_url_origin writes it, ready, without waiting: one HEAD / without credentials,
 * at most one for an origin in a minute. Whatever comes of it is silent. */
void pa_http_warm(struct pa_http *http, const char *origin);

/* Ends all calls, those that run and later ones, with "cancelled". */
void pa_http_cancel(struct pa_http *http);
bool pa_http_is_cancelled(const struct pa_http *http);

/* Call when all calls were returned. NULL does nothing. */
void pa_http_close(struct pa_http *http);

#endif
