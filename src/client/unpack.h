/*
 * Unpacks the body of an answer as it comes: gzip and deflate (RFC 9110 8.4.1), also one in the other. libcurl would do
 * so too, but takes a stream that is cut for a whole one. A receiver owns it; used by one thread at a time. Never
 * raises.
 */
#ifndef PA_UNPACK_H
#define PA_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum {
	PA_UNPACK_LAYERS = 5,
	PA_UNPACK_FAILED = -1,    /* not packed so, more after the end, or without memory */
	PA_UNPACK_TOO_LARGE = -2, /* more than `bytes_max` came out of a layer, or `sink` refused */
};

struct pa_unpack_layer;

/* Zero unpacks nothing. */
struct pa_unpack {
	struct pa_unpack_layer *layers[PA_UNPACK_LAYERS]; /* the last one is unpacked first */
	size_t count, bytes_max;                          /* of each layer's output */
};

/* Forgets all layers. */
void pa_unpack_reset(struct pa_unpack *unpack, size_t bytes_max);

/* Adds a layer for each word in the value of a Content-Encoding. 0, or PA_UNPACK_FAILED for another word than gzip,
 * x-gzip, deflate and identity, for too many of them, or without memory. */
int pa_unpack_add(struct pa_unpack *unpack, struct pa_span value);

/* Unpacks bytes and gives what comes out to `sink`, which returns 0, or -1 to refuse. 0, or a negative number of above.
 */
int pa_unpack_bytes(struct pa_unpack *unpack, const char *bytes, size_t length,
	int (*sink)(void *context, const char *bytes, size_t length), void *context);

/* Whether all layers have ended, or nothing came at all: an answer without a body. */
bool pa_unpack_is_whole(const struct pa_unpack *unpack);

#endif
