/* Methods of requests: what curl is told for them, and what may be done with them. */
#ifndef PA_METHOD_H
#define PA_METHOD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Sets the method and the body, which curl reads until the transfer ends, of a curl easy handle. A body without an
 * address is none. The method is NUL-terminated. 0, or -1 with an error. Never raises. */
int pa_method_set(void *easy, struct pa_span method, struct pa_span body, struct pa_error *error);

/* Whether a request may arrive twice (RFC 9110 9.2.2). */
bool pa_method_is_idempotent(struct pa_span method);

/* Whether redirects of a request may be followed: GET and HEAD. */
bool pa_method_follows(struct pa_span method);

#endif
