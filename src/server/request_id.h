/* Request ids: the client's own when it sends a good one, else eight random digits of the server and a number. */
#ifndef PA_REQUEST_ID_H
#define PA_REQUEST_ID_H

#include "base/message.h"

#include <stdatomic.h>
#include <stdint.h>

/* One for each server. */
struct pa_request_ids {
	char prefix[8];
	_Atomic uint64_t next;
};

/* Makes it ready: takes a random prefix. */
void pa_request_ids_begin(struct pa_request_ids *ids);

/* Sets the id of a request whose headers were read. Any thread. */
void pa_request_id_set(struct pa_request_ids *ids, struct pa_request *request);

#endif
