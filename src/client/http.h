/* The service of calls out, one for each server, over libcurl. Any thread. */
#ifndef PA_HTTP_H
#define PA_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "client/lane.h"

struct pa_http;

/*
 * `allow`: origins that may be reached although their address is private, as pa_allow_read takes them. `calls_max`: how
 * many calls may be under way at once, so that waiting for a slow upstream leaves workers for other requests (RT-12); 0
 * is any number. NULL with code "http" or "usage".
 */
struct pa_http *pa_http_open(const char *allow, unsigned calls_max, struct pa_error *error);

/* pa_lane_lease of this service. */
struct pa_lane *pa_http_lease(struct pa_http *http, size_t count, struct pa_error *error);

/* From now on calls end with "cancelled", those under way at once. */
void pa_http_cancel(struct pa_http *http);
bool pa_http_is_cancelled(const struct pa_http *http);

/* No call may be under way any more. NULL is fine. */
void pa_http_close(struct pa_http *http);

#endif
