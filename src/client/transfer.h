/*
 * One request out and its answer: options, limits, redirects, errors. A call owns it, the driver runs it. Used by one
 * thread at a time. Never raises.
 */
#ifndef PA_TRANSFER_H
#define PA_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "client/allow.h"
#include "client/connections.h"
#include "client/header_lines.h"
#include "client/proxy.h"

/* What holds for all transfers of a service. */
struct pa_transfer_rules {
	struct pa_allow allow;
	struct pa_proxy proxy;
	char *ca_file;                      /* certificates to trust; NULL: those of the system */
	void *sessions;                     /* pa_sessions_share */
	struct pa_connections *connections; /* of the driver */
	atomic_bool cancelled;              /* all transfers end */
};

/* A request. All strings are borrowed: url, method and body until pa_transfer_reset, the headers for the call. */
struct pa_transfer_options {
	struct pa_span url, method, body;               /* url and method end with NUL; body absent: none is sent */
	struct pa_span headers[PA_HEADER_LINES_MAX][2]; /* name and value, for pa_header_lines_add */
	size_t header_count;
	struct pa_span user, password; /* user absent: no Authorization: Basic (RFC 7617) */
	struct pa_span bearer;         /* absent: no Authorization: Bearer (RFC 6750) */
	long timeout_ms, connect_ms;   /* the first for all of it, redirects too */
	size_t bytes_max;              /* of the decoded body */
	int redirects;                 /* how many to follow; of GET and HEAD without a body */
	bool compressed;               /* Accept-Encoding: gzip, deflate; decoded */
};

/* Whether a request that has no answer may have arrived. */
enum pa_transfer_sent {
	PA_TRANSFER_NOT_SENT,
	PA_TRANSFER_SENT,       /* the beginning of an answer came */
	PA_TRANSFER_MAYBE_SENT, /* sent at least in part, and libcurl does not tell what became of it */
};

/* A request that was prepared, for the record of it; its bytes are valid until pa_transfer_reset. */
struct pa_transfer_request {
	struct pa_span url, method, body;
	struct pa_span head; /* lines "Name: value", each ended by NUL, credentials among them; not what curl adds */
	int64_t begun_ms;    /* of pa_clock_ms */
};

/* An answer; its bytes are the transfer's, valid until pa_transfer_reset. */
struct pa_answer {
	long status;
	struct pa_span head; /* header lines of the last block, without its status line; control bytes are spaces there */
	struct pa_span body;
	const char *url; /* the one that answered, after redirects */
};

struct pa_transfer;

/* The rules belong to the service and outlive the transfer. NULL without memory. */
struct pa_transfer *pa_transfer_new(const struct pa_transfer_rules *rules);
void pa_transfer_free(struct pa_transfer *transfer);

/* Empties it for the next request, credentials wiped. It must not be in a multi handle. */
void pa_transfer_reset(struct pa_transfer *transfer);

/* Makes it ready to run. 0, or -1 with code "usage" or "http" (memory). */
int pa_transfer_prepare(
	struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error);
bool pa_transfer_is_prepared(const struct pa_transfer *transfer);

/* When it must have ended, of pa_clock_ms. */
int64_t pa_transfer_deadline(const struct pa_transfer *transfer);

/* The CURL easy handle, for a multi handle. */
void *pa_transfer_easy(const struct pa_transfer *transfer);

/* Keeps the CURLcode that curl ended it with. True when there is a next hop, for which the easy handle is then ready:
 * to the proxy once the addresses of the host were judged, over a new connection when a kept one was of no use, or to
 * where a redirect leads. */
bool pa_transfer_end(struct pa_transfer *transfer, int result);

/* The answer of a transfer that ran; counts it. 0, or -1 with a code of lua/types/native/http.lua. */
int pa_transfer_answer(struct pa_transfer *transfer, struct pa_answer *answer, struct pa_error *error);

/* The request of a prepared transfer; after redirects still the first one. */
struct pa_transfer_request pa_transfer_asked(const struct pa_transfer *transfer);

/* Of a transfer without an answer. */
enum pa_transfer_sent pa_transfer_was_sent(const struct pa_transfer *transfer);

#endif
