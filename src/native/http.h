/* Calls out, over libcurl. Safe for use from many threads. */
#ifndef PA_HTTP_H
#define PA_HTTP_H

#include <stdbool.h>

#include "../error.h"

struct pa_http;

/*
 * `allow`: origins ("http://127.0.0.1:8889") that may be reached although their address is private, space separated;
 * "*" for any. Paths after an origin are ignored. `calls_max`: how many calls may be under way at once, so that those
 * who wait for a slow upstream leave workers for others (RT-12); 0 is any number. NULL with code "http" or "usage".
 */
struct pa_http *pa_http_open(const char *allow, unsigned calls_max, struct pa_error *error);

/* From now on calls end with "cancelled", those under way at once. Any thread. */
void pa_http_cancel(struct pa_http *http);

/* Whether that was said. Any thread. */
bool pa_http_is_cancelled(const struct pa_http *http);

/* No call may be under way any more. */
void pa_http_close(struct pa_http *http);

#endif
