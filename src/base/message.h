/*
 * A request as the gate let it through and a response as a script made it. Memory and nothing else: the server fills
 * the one and sends the other, scripts see them through native/request.c.
 */
#ifndef PA_MESSAGE_H
#define PA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

struct pa_header {
	struct pa_span name, value;
};

enum { PA_HEADERS_MAX = 63 };

/* Everything in it lives until the handler returns, and no longer. */
struct pa_request {
	struct pa_span method; /* "GET"; HEAD stays HEAD here, the server drops the body of its answer */
	struct pa_span target; /* as sent: path and query */
	struct pa_span path;   /* percent-decoded with lengths, no NUL, CR or LF, valid UTF-8; begins with '/' */
	struct pa_span query;  /* after '?', not decoded; absent when there is no '?' */
	struct pa_span body;   /* absent when the request has none */
	struct pa_span ip;     /* the peer's address */
	struct pa_span host;   /* the Host header without its port, lower case; points into host_bytes */
	char host_bytes[254];
	char id[65]; /* request id: the client's X-Request-Id when it is one, else ours */
	size_t header_count;
	struct pa_header headers[PA_HEADERS_MAX];
};

/* The value of the first header of that name (lower or upper case does not matter), or an absent span. */
struct pa_span pa_request_header(const struct pa_request *request, const char *name);

/* What the server must know of the header lines a script set, so as to add its own only where they are missing. */
enum pa_response_has {
	PA_HAS_CONTENT_TYPE = 1 << 0,
	PA_HAS_HTML = 1 << 1, /* the Content-Type is text/html */
	PA_HAS_CSP = 1 << 2,
	PA_HAS_REFERRER_POLICY = 1 << 3,
	PA_HAS_CACHE_CONTROL = 1 << 4,
	PA_HAS_PERMISSIONS_POLICY = 1 << 5,
	PA_HAS_OPENER_POLICY = 1 << 6,
};

/* A fault put into a response on purpose: server/faults.h. */
enum pa_response_fault {
	PA_FAULT_NONE,
	PA_FAULT_DRIP,         /* the body comes byte by byte */
	PA_FAULT_RESET,        /* no answer, the connection is reset */
	PA_FAULT_TRUNCATE,     /* half of the body, then the end of the connection */
	PA_FAULT_WRONG_LENGTH, /* more bytes than Content-Length says: a second response */
};

/* Reused from request to request by the worker that owns it. */
struct pa_response {
	int status;                   /* 100..599; 0 until somebody answered */
	unsigned has;                 /* enum pa_response_has */
	bool close;                   /* close the connection after this answer */
	enum pa_response_fault fault; /* ignored unless pa_server_options.faults */
	struct pa_buffer headers;     /* "Name: value\r\n" lines, each checked when it was added */
	struct pa_buffer body;
};

/* Empties it and keeps its memory. */
void pa_response_reset(struct pa_response *response);
void pa_response_free(struct pa_response *response);

/*
 * Adds a header line. The name must be an RFC 9110 token and the value free of CR, LF, NUL and other control bytes but
 * tab (HT-09). Content-Length, Connection, Transfer-Encoding, Date and Keep-Alive are the server's: they are refused.
 * Returns 0; -1 with the code "bad_header" or "memory".
 */
struct pa_error;
int pa_response_header(struct pa_response *response, struct pa_span name, struct pa_span value, struct pa_error *error);

/* Replaces the body. 0, or -1 when memory ran out. */
int pa_response_body(struct pa_response *response, const char *bytes, size_t length);

/* A short plain text answer, for refusals made in C; replaces whatever was there. Never fails: without memory the body
 * stays empty. */
void pa_response_text(struct pa_response *response, int status, const char *text);

/* The same for 503 with Retry-After: for want of a worker or a VM, or while the server stops. Counted as overloaded. */
void pa_response_unavailable(struct pa_response *response, const char *text);

#endif
