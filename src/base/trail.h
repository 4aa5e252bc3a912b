/*
 * What a request has done, for the lines below its own on a terminal: its calls out, and why it was refused. A worker's
 * exchange owns one; a request has it only while such lines are written (pa_log_follows). Used by one thread at a time.
 * Never raises; without memory a line is left out.
 */
#ifndef PA_TRAIL_H
#define PA_TRAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Zero is a valid empty one. */
struct pa_trail {
	char *below;       /* PA_TRAIL_BELOW bytes, or NULL as long as there was no call */
	size_t length;     /* of the lines in `below`, each with a line break in front */
	unsigned calls;    /* further ones than PA_TRAIL_CALLS are only counted */
	char refusal[320]; /* empty, or "refused: not_found" */
};

enum { PA_TRAIL_CALLS = 16, PA_TRAIL_LINE = 256, PA_TRAIL_BELOW = PA_TRAIL_CALLS * PA_TRAIL_LINE };

/* A call out that has ended. */
struct pa_trail_call {
	struct pa_span method, url;
	int status;          /* 0: there was no answer */
	const char *problem; /* why not: a code; else NULL */
	int64_t took_ns;
};

/* A call as text, "POST https://api.example/v1 200 12.3 ms"; of a URL neither user nor query are shown. The length, at
 * most `size` - 1; PA_TRAIL_LINE is enough for all of it. */
size_t pa_trail_write(const struct pa_trail_call *call, char *out, size_t size);

/* The part of a URL before its query and fragment, cut after 200 bytes. */
struct pa_span pa_trail_address(struct pa_span url);

void pa_trail_add(struct pa_trail *trail, const struct pa_trail_call *call);

/* `message` is "request refused"; `detail` may be NULL. */
void pa_trail_refuse(struct pa_trail *trail, const char *message, const char *reason, const char *detail);

/* Empties it for the next request. */
void pa_trail_reset(struct pa_trail *trail);

/* Frees the memory inside, not the struct. */
void pa_trail_free(struct pa_trail *trail);

#endif
