/*
 * Requests that the gate has accepted, and responses that scripts have made: structs of memory, without sockets or Lua.
 * server/ fills in requests and sends responses; native/request and native/response show them to scripts. A message is
 * used by one thread at a time. Never raises.
 */
#ifndef PA_MESSAGE_H
#define PA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

struct pa_trail;

struct pa_header {
	struct pa_span name, value;
};

enum { PA_HEADERS_MAX = 63 };

/* What a script has told of the request that it handles, for the record of it (traffic). */
struct pa_request_note {
	char install[64];  /* the id of the install that it is about, ended by NUL; empty: not known */
	char refusal[128]; /* why it was refused, the same; cut */
};

/* All spans are borrowed: valid until the handler returns. */
struct pa_request {
	struct pa_span method; /* "GET"; for HEAD the server leaves out the body of the response */
	struct pa_span target; /* as sent: path and query */
	struct pa_span path;   /* percent-decoded with lengths, no NUL, CR or LF, valid UTF-8; begins with '/' */
	struct pa_span query;  /* after '?', not decoded; absent when there is no '?' */
	struct pa_span body;   /* absent when the request has none */
	struct pa_span ip;     /* the peer's address */
	struct pa_span host;   /* the Host header without its port, lower case; points into host_bytes */
	bool other_host;       /* `host` is not the first of the server's hosts, which is that of PUBLIC_URL */
	char host_bytes[254];
	char id[65]; /* request id: the client's X-Request-Id when it is valid, else a new one */
	size_t header_count;
	struct pa_header headers[PA_HEADERS_MAX];
	struct pa_trail *trail;       /* where what it does is collected, for the log (base/trail.h), or NULL */
	struct pa_request_note *note; /* or NULL */
};

/* The value of the first header of that name, in any case of letters, or an absent span. */
struct pa_span pa_request_header(const struct pa_request *request, const char *name);

/* Whether the Accept header names that media type, such as "text/html", which is in lower case. Browsers name it for a
 * page, and programs do not; weights are not looked at. */
bool pa_request_accepts(const struct pa_request *request, const char *type);

/* Notes the install that the request is about, or why it was refused: the last one counts. An id that is longer than
 * the note has room for is ignored, a reason is cut. Does nothing without a note. */
void pa_request_set_install(const struct pa_request *request, struct pa_span install);
void pa_request_set_refusal(const struct pa_request *request, struct pa_span reason);

/* Which headers a script has set: the server adds its defaults for the others. */
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
	PA_FAULT_DRIP,         /* the body is sent byte by byte */
	PA_FAULT_RESET,        /* no response: the connection is reset */
	PA_FAULT_TRUNCATE,     /* half of the body, then the connection is closed */
	PA_FAULT_WRONG_LENGTH, /* a second response follows the first one without a request */
};

/* Zero is a valid empty one. A worker uses one for all its requests. */
struct pa_response {
	int status;                   /* 100..599; 0: not set yet */
	unsigned has;                 /* enum pa_response_has */
	bool close;                   /* close the connection after this response */
	enum pa_response_fault fault; /* ignored unless pa_server_options.faults */
	struct pa_buffer headers;     /* "Name: value\r\n" lines, each checked when it was added */
	struct pa_buffer body;
};

/* Empties it; small buffers are kept. */
void pa_response_reset(struct pa_response *response);

/* Frees the memory inside, not the struct. */
void pa_response_free(struct pa_response *response);

/*
 * Adds a header line. The name must be a token, the value free of control bytes but tab (HT-09; RFC 9110 5.5, 5.6.2).
 * Content-Length, Connection, Transfer-Encoding, Date and Keep-Alive are refused: only the server sets them. 0, or -1
 * with code "bad_header" or "memory".
 */
struct pa_error;
int pa_response_header(struct pa_response *response, struct pa_span name, struct pa_span value, struct pa_error *error);

/* Replaces the body by a copy of the bytes. 0, or -1 without memory. */
int pa_response_body(struct pa_response *response, const char *bytes, size_t length);

/* Replaces the response by one of plain text, for refusals made in C. Without memory the body stays empty. */
void pa_response_text(struct pa_response *response, int status, const char *text);

/* The same with status 503 and Retry-After: workers or VMs are busy, or the server stops. Counted as overloaded. */
void pa_response_unavailable(struct pa_response *response, const char *text);

#endif
