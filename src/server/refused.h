/* The response to a request that is refused before any script: a page for browsers, JSON for programs that accept JSON,
 * else text. Any thread, never raises. */
#ifndef PA_REFUSED_H
#define PA_REFUSED_H

#include "base/message.h"

/* `reason` is a text without a line break. */
void pa_refused_respond(const struct pa_request *request, int status, const char *reason, struct pa_response *response);

#endif
