/* Addresses to listen on, as people write them. */
#ifndef PA_LISTEN_H
#define PA_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Rewrites "ADDRESS:PORT" ("localhost:8888", ":8888" for all interfaces) as IPv4 in numbers. 0, or -1 with "usage". */
int pa_listen_read(const char *text, char *place, size_t size, struct pa_error *error);

/* Whether another program listens on a place that pa_listen_read wrote. */
bool pa_listen_is_busy(const char *place);

#endif
