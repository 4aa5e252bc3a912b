/*
 * What a strict HTTP/1.1 server refuses before anyone sees it: rows HT-05, 09 to 18, 20, 25 and 30 of docs/promises.md.
 * Pure functions over bytes: no sockets, no allocation, no state.
 */
#ifndef PA_GATE_H
#define PA_GATE_H

#include "base/message.h"

/* status 0: let through. The reason is a static text that may be shown. A refusal always closes the connection. */
struct pa_verdict {
	int status;
	const char *reason;
};

enum pa_framing { PA_BODY_NONE, PA_BODY_LENGTH, PA_BODY_CHUNKED };

struct pa_body_framing {
	enum pa_framing kind;
	size_t length;         /* for PA_BODY_LENGTH */
	bool expects_continue; /* Expect: 100-continue */
};

/*
 * Header rules: names and values, duplicates of those that must be single, Host, Content-Length against
 * Transfer-Encoding, Expect. `hosts` are lower-case names without port, an empty list lets every host in. Takes white
 * space behind values off (RFC 9110 5.5; civetweb leaves it). Fills request->host and *framing.
 */
struct pa_verdict pa_gate_headers(struct pa_request *request, const char *const *hosts, size_t host_count,
	size_t body_max, struct pa_body_framing *framing);

/* Method, target length and form. Decodes the path into `path` (room for target.length bytes) and fills path and query.
 */
struct pa_verdict pa_gate_target(struct pa_request *request, char *path);

/*
 * Whether the header lines stand as a strict parser would have read them. civetweb has put NULs behind names, values
 * and the block's last CR by now; `head` is where the first line must begin. Catches bare LF, obs-fold, white space
 * before a colon and lines that civetweb dropped.
 */
struct pa_verdict pa_gate_layout(const struct pa_request *request, const char *head);

/* Whether it may be used as a request id: ^[A-Za-z0-9-]{1,64}$ (HT-25). */
bool pa_gate_request_id(struct pa_span id);

/*
 * Whether a request begins at once, told by where its method stands; *buffer is the lowest such place of its worker, at
 * first NULL. civetweb passes over white space before a request, yet a blank line there is where it takes the body to
 * begin: the request would be its own body, and its body the next request. Its buffer is a block of malloc's.
 */
bool pa_gate_begins(const char *method, const char **buffer);

#endif
