/* GET /healthz: whether the process lives (OP-03). Answered without the scripts, which may be broken or busy. */
#ifndef PA_HEALTH_H
#define PA_HEALTH_H

#include <stdbool.h>

#include "base/message.h"

/* Whether it is a GET or HEAD of /healthz. */
bool pa_health_is(const struct pa_request *request);

/* Whether it is a GET or HEAD of /healthz or /readyz, which are answered for any Host (HT-05). */
bool pa_health_is_probe(const struct pa_request *request);

/* Fills the emptied response. */
void pa_health_respond(struct pa_response *response);

#endif
