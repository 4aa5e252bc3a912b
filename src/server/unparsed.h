/* Says what is wrong with a request that civetweb refused before it called begin_request. Any thread, never raises. */
#ifndef PA_UNPARSED_H
#define PA_UNPARSED_H

#include <stdbool.h>

#include "server/gate.h"

struct mg_request_info;

/* Whether civetweb has split the head into request line and headers: then the gate can say what is wrong. `status` is
 * civetweb's. */
bool pa_unparsed_is_split(const struct mg_request_info *info, int status);

/* The refusal for a head that was not split. `late`: its deadline has passed. `more`: there are bytes that civetweb has
 * not read, so its buffer is full. */
struct pa_verdict pa_unparsed_verdict(const struct mg_request_info *info, int status, bool late, bool more);

#endif
