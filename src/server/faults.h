/*
 * Faults put into responses on purpose, to test what a client does with them: for the sandbox, never for an app. Works
 * on the socket itself.
 */
#ifndef PA_FAULTS_H
#define PA_FAULTS_H

#include "base/message.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Sends a response, `head` bytes of head followed by its body, with that fault. A drip ends when the client leaves,
 * after 30 seconds, or once *stop. True when the connection may be used again.
 */
bool pa_faults_send(
	int fd, enum pa_response_fault fault, const struct pa_buffer *response, size_t head, const atomic_bool *stop);

#endif
