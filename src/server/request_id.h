/* Request ids: the client's own X-Request-Id when it is valid (HT-25), else a new one of 16 hex digits. Never raises.
 */
#ifndef PA_REQUEST_ID_H
#define PA_REQUEST_ID_H

#include "base/message.h"

#include <stdatomic.h>
#include <stdint.h>

/* State of one server. */
struct pa_request_ids {
	char prefix[8];
	_Atomic uint64_t next;
};

/* Sets a random prefix. Call before the server's threads start. */
void pa_request_ids_begin(struct pa_request_ids *ids);

/* Sets request->id; its headers must be filled in. Any thread. */
void pa_request_id_set(struct pa_request_ids *ids, struct pa_request *request);

#endif
