/*
 * Puts faults into responses on purpose, to test clients: for the sandbox, never for an app. Writes to the socket
 * itself. Any worker thread. Never raises.
 */
#ifndef PA_FAULTS_H
#define PA_FAULTS_H

#include "base/message.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Sends a response, `head` bytes of head followed by the body, with that fault. A drip ends when the client closes,
 * after 30 seconds, or when *stop is set. True when the connection may be used again.
 */
bool pa_faults_send(
	int fd, enum pa_response_fault fault, const struct pa_buffer *response, size_t head, const atomic_bool *stop);

#endif
