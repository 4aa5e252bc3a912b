/* Reads the address that a server listens on, in the form of LISTEN. Any thread, never raises. */
#ifndef PA_LISTEN_H
#define PA_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Rewrites "ADDRESS:PORT" ("localhost:8888", ":8888" for all interfaces) for civetweb, the address in numbers (IPv4).
 * 0, or -1 with code "usage". */
int pa_listen_read(const char *text, char *place, size_t size, struct pa_error *error);

/* Whether another program listens on a place that pa_listen_read wrote. */
bool pa_listen_is_busy(const char *place);

#endif
