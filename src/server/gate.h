/*
 * Checks requests as a strict HTTP/1.1 server must, before any handler (docs/promises.md: HT-05, HT-09 to HT-18, HT-20,
 * HT-25, HT-30; RFC 9112). Pure functions over bytes: no sockets, no memory, any thread, never raise.
 */
#ifndef PA_GATE_H
#define PA_GATE_H

#include "base/message.h"

/* Status 0: accepted. Else a refusal, which closes the connection. The reason may be shown to the client; it is static,
 * or lives as long as the exchange that was read into. */
struct pa_verdict {
	int status;
	const char *reason;
};

/* The methods that requests may have. */
#define PA_GATE_METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

enum pa_framing { PA_BODY_NONE, PA_BODY_LENGTH, PA_BODY_CHUNKED };

struct pa_body_framing {
	enum pa_framing kind;
	size_t length;         /* for PA_BODY_LENGTH */
	bool expects_continue; /* Expect: 100-continue */
};

/*
 * Checks the headers: names and values, repeated headers, the form of Host, Content-Length against Transfer-Encoding,
 * Expect. Trims white space after values (RFC 9110 5.5; civetweb leaves it). Fills in request->host and *framing.
 * With `any_host` the Host header may be missing: pa_gate_host decides.
 */
struct pa_verdict pa_gate_headers(struct pa_request *request, bool any_host, struct pa_body_framing *framing);

/* In bytes: the header lines, the target, and civetweb's buffer for both, larger so that a refusal can say which
 * headers are too large. */
enum { PA_GATE_HEAD_MAX = 16 << 10, PA_GATE_TARGET_MAX = 8 << 10, PA_GATE_BUFFER = 64 << 10 };

/*
 * Checks the method and the length and form of the target (RFC 9112 3). Decodes the path into `path` (room for
 * target.length bytes) and fills in path and query. Of a target with scheme and host the host counts instead of the
 * Host header: call after pa_gate_headers. The path is "*" for the target * of OPTIONS.
 */
struct pa_verdict pa_gate_target(struct pa_request *request, char *path);

/* Whether one space is between method, target and version, as RFC 9112 3 says. civetweb takes any white space after a
 * space, also line breaks. `version` is where civetweb's copy begins, after "HTTP/". */
bool pa_gate_is_one_line(const struct pa_request *request, const char *version);

/* Splits the port off a Host and checks the form: letters, digits, '-', '.', '_', or an IPv6 address in brackets.
 * Writes the host in lower case into `lower`, of 253 bytes. */
bool pa_gate_split_host(struct pa_span value, char *lower, struct pa_span *host);

/* As the last of `hosts`: also names that are not public, and addresses (server/local_host). */
#define PA_GATE_LOCAL "*local"

/* Checks request->host. `hosts` are lower-case names without port, the first one that of PUBLIC_URL; with an empty list
 * every host is accepted, also none (HT-05). Sets request->other_host. */
struct pa_verdict pa_gate_host(struct pa_request *request, const char *const *hosts, size_t host_count);

/*
 * Checks that civetweb has split the header block as a strict parser does: refuses a bare LF, obs-fold, white space
 * before a colon, and lines that civetweb dropped. civetweb has written NULs after names, values and the block's last
 * CR; `head` is where the first line must begin, and `end` the end of civetweb's buffer. A head without headers has no
 * layout: pa_gate_headers refuses it.
 */
struct pa_verdict pa_gate_layout(const struct pa_request *request, const char *head, const char *end);

/* Whether a client's request id may be used: ^[A-Za-z0-9-]{1,64}$ (HT-25). */
bool pa_gate_request_id(struct pa_span id);

/*
 * Whether a request has no white space before it. civetweb skips white space there, but takes a blank line in it for
 * the end of the head: it would read the request as its own body, and its body as the next request. `method` points
 * into civetweb's buffer, which malloc made: without white space it is the aligned first byte. *buffer is the lowest
 * address seen by this worker, first NULL.
 */
bool pa_gate_begins(const char *method, const char **buffer);

#endif
