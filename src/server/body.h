/* The body of a request, read from civetweb within limits on size and time (HT-14, HT-17, HT-18). */
#ifndef PA_BODY_H
#define PA_BODY_H

#include "base/buffer.h"
#include "server/deadline.h"
#include "server/gate.h"

struct mg_connection;

struct pa_body_limits {
	size_t bytes_max;
	unsigned ms; /* for all of it */
	unsigned local_port;
	struct pa_deadlines *deadlines;
};

/* Reads the body into the emptied buffer; sends "100 Continue" first when the client waits for it. */
struct pa_verdict pa_body_read(struct mg_connection *connection, const struct pa_body_framing *framing,
	const struct pa_body_limits *limits, struct pa_buffer *body);

#endif
