/*
 * Answers spoiled on purpose, to see what a client makes of them: what the sandbox's faults need and no app may do.
 * Works on the socket itself.
 */
#ifndef PA_SPOIL_H
#define PA_SPOIL_H

#include "message.h"

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Sends an answer of `head` bytes of head and a body behind them in the way its name says (enum pa_spoil). A drip ends
 * when the client leaves, after 30 seconds, or once *stop. True when the connection may be used again.
 */
bool pa_spoil_send(int fd, enum pa_spoil spoil, const struct pa_buffer *answer, size_t head, const atomic_bool *stop);

#endif
