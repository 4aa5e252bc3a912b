/*
 * Writes the head of a response: the status line, the headers that the script set, and the default headers it did not
 * set (HT-06, HT-07). Any thread, each with its own buffers. Never raises.
 */
#ifndef PA_HEAD_H
#define PA_HEAD_H

#include "base/message.h"

#include <time.h>

/* The value of the Date header, made once a second. Zero is a valid empty one. Used by one thread. */
struct pa_date {
	time_t second;
	char text[40];
};

/* The reason phrase of a status: "Not Found" for 404. Static, never NULL (RFC 9110 15). */
const char *pa_head_reason(int status);

/* Whether a response with that status has neither body nor Content-Length (RFC 9110 6.4.1). */
bool pa_head_is_bodiless(int status);

/* Writes the whole head into the emptied `out`; `https` adds HSTS. 0, or -1 when memory ran out. */
int pa_head_write(struct pa_buffer *out, struct pa_date *date, const char *request_id, bool https,
	const struct pa_response *response);

#endif
