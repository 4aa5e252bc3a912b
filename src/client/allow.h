/*
 * The origins that calls out may reach although their address is private (SS-03): HTTP_ALLOW and Segment's own. Filled
 * before threads start, then any thread may read. Never raises.
 */
#ifndef PA_ALLOW_H
#define PA_ALLOW_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Zero is the empty list. */
struct pa_allow {
	struct pa_buffer origins; /* each ended by NUL */
	bool all;                 /* "*" was among them */
};

/* Reads origins ("http://127.0.0.1:8889") separated by spaces; "*" is any; a path after an origin is ignored. 0, or -1
 * with code "usage" or "http" (memory). The caller frees in both cases. */
int pa_allow_read(struct pa_allow *allow, const char *text, struct pa_error *error);
void pa_allow_free(struct pa_allow *allow);

/* Whether the list has an origin as pa_url_origin writes it. */
bool pa_allow_has(const struct pa_allow *allow, const char *origin);

#endif
