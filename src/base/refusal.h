/*
 * The log lines of refused requests (LG-03): one line each at info, at warn from status 500 on, in the whole process at
 * most 100 at once and ten a second, for a client can cause as many as it likes. Those beyond are counted. Any thread,
 * never raises.
 */
#ifndef PA_REFUSAL_H
#define PA_REFUSAL_H

#include <stdint.h>

struct pa_trail;

/* What is logged of a refusal. `reason` is a short stable word; `detail`, `client` and `request_id` may be NULL. */
struct pa_refusal {
	const char *server, *request_id;
	const char *message; /* "request refused" */
	int status;
	const char *reason, *detail;
	const char *peer;       /* the address of the connection */
	const char *client;     /* the address that a trusted proxy named, when it is another one */
	struct pa_trail *trail; /* of the request, or NULL */
};

/* Logs it, with how many were left out since the line before, or counts it. `now_ms` as of pa_clock_ms. For a request
 * with a trail it has no line of its own: the reason is in the line of the request. */
void pa_refusal_log(const struct pa_refusal *refusal, int64_t now_ms);

/* Logs how many were left out since the last line: before the process ends. */
void pa_refusal_end(void);

/* The reason of a status, where no better word is known: "not_found". Static. */
const char *pa_refusal_reason(int status);

#endif
