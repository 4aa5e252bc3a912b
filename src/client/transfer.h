/*
 * One request on its way out: what it may do, what is sent, what comes back. Runs in a lane; knows nothing of Lua and
 * never raises. Used by one thread at a time.
 */
#ifndef PA_TRANSFER_H
#define PA_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "client/allow.h"

enum { PA_TRANSFER_HEADERS_MAX = 64 }; /* sent */

/* What a transfer asks for. Borrowed: url, method and body until pa_transfer_reset, the headers for the call. */
struct pa_transfer_options {
	struct pa_span url, method, body;                   /* body absent: none is sent */
	struct pa_span headers[PA_TRANSFER_HEADERS_MAX][2]; /* name and value; those that frame a message are refused */
	size_t header_count;
	long timeout_ms, connect_ms;
	size_t bytes_max; /* of the decoded body */
	int redirects;    /* to follow, of GET and HEAD only */
	bool compressed;  /* ask for gzip and deflate, and decode them */
};

/* What came back; belongs to the transfer. */
struct pa_answer {
	long status;
	struct pa_span head; /* header lines of the last block, without its status line; control bytes made spaces */
	struct pa_span body;
	const char *url; /* the last one */
};

struct pa_transfer;

/* `allow` and `cancelled` belong to the service and outlive the transfer. NULL without memory. */
struct pa_transfer *pa_transfer_new(const struct pa_allow *allow, const atomic_bool *cancelled);
void pa_transfer_free(struct pa_transfer *transfer);

/* Empties it for the next request: nothing of the last one stays. It must not be in a multi handle. */
void pa_transfer_reset(struct pa_transfer *transfer);

/* Makes it ready to run. 0, or -1 with code "usage" or "http" (memory). */
int pa_transfer_prepare(
	struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error);
bool pa_transfer_is_prepared(const struct pa_transfer *transfer);

/* The CURL easy handle, for a multi handle. */
void *pa_transfer_easy(const struct pa_transfer *transfer);

/* Notes the CURLcode it ended with; prepares the next hop of a redirect. True when there is one to go. */
bool pa_transfer_end(struct pa_transfer *transfer, int result);

/* Of a transfer that ended: 0 with the answer, or -1 with a code of native.http. */
int pa_transfer_answer(struct pa_transfer *transfer, struct pa_answer *answer, struct pa_error *error);

#endif
