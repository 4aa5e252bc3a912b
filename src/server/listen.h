/* Reads the address that a server listens on, in the form of LISTEN, and tries it. Any thread, never raises. */
#ifndef PA_LISTEN_H
#define PA_LISTEN_H

#include "base/error.h"

#include <stddef.h>

/* Rewrites "ADDRESS:PORT" ("localhost:8888", ":8888" for all interfaces) for civetweb, the address in numbers (IPv4).
 * 0, or -1 with code "usage". */
int pa_listen_read(const char *text, char *place, size_t size, struct pa_error *error);

/* Tries whether a server can listen at "ADDRESS:PORT". `setting` is the name of the setting that has it, such as
 * LISTEN, whose flag is --listen, or a flag that has the port alone: the message says what to change. 0, or -1 with
 * code "usage" (as pa_listen_read), "busy" (another program listens there), "denied" or "server". */
int pa_listen_try(const char *text, const char *setting, struct pa_error *error);

#endif
