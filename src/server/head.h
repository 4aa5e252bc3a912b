/*
 * The head of a response: the status line, what scripts set, and what every response says besides (HT-06, HT-07).
 */
#ifndef PA_HEAD_H
#define PA_HEAD_H

#include "base/message.h"

#include <time.h>

/* Room for a Date header's value, made once a second. Zero is a valid empty one. One thread. */
struct pa_date {
	time_t second;
	char text[40];
};

/* "Not Found" for 404; never NULL. Static. */
const char *pa_head_reason(int status);

/* Whether a response with that status has neither body nor Content-Length (RFC 9110 6.4.1). */
bool pa_head_is_bodiless(int status);

/* Writes the whole head into the emptied `out`; `https` adds HSTS. 0, or -1 when memory ran out. */
int pa_head_write(struct pa_buffer *out, struct pa_date *date, const char *request_id, bool https,
	const struct pa_response *response);

#endif
