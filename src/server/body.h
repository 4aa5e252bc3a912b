/* Reads the body of a request from civetweb, limited in size and time (HT-14, HT-17, HT-18). Any worker thread. Never
 * raises. */
#ifndef PA_BODY_H
#define PA_BODY_H

#include "base/buffer.h"
#include "server/deadline.h"
#include "server/gate.h"

struct mg_connection;

struct pa_body_limits {
	size_t bytes_max;
	unsigned ms; /* for each PA_BODY_PART of the body, the last one perhaps smaller */
	struct pa_deadlines *deadlines;
};

enum { PA_BODY_PART = 1 << 20 };

/* Empties the buffer and reads the body into it; sends "100 Continue" first when the client expects it (RFC 9110
 * 10.1.1). Refuses with 400, 408, 413 or 503; with 413 before anything is read when the Content-Length is too large. */
struct pa_verdict pa_body_read(struct mg_connection *connection, const struct pa_body_framing *framing,
	const struct pa_body_limits *limits, struct pa_buffer *body);

#endif
