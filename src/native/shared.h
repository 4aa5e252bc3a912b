/*
 * Named values that all VMs of a server share until the process ends, for values that the database could not store yet.
 * Owns them and wipes them when it frees them. Any thread; only the Lua functions raise.
 */
#ifndef PA_SHARED_H
#define PA_SHARED_H

#include "base/buffer.h"
#include "base/message.h"

struct pa_shared;

/* NULL without memory. */
struct pa_shared *pa_shared_open(void);

/* NULL does nothing. */
void pa_shared_close(struct pa_shared *shared);

/* Copies a value, in place of the one with that name. 0, or -1: name and value are longer than 48 KiB, there are 1,000
 * values, or there is no memory. */
int pa_shared_put(struct pa_shared *shared, struct pa_span name, struct pa_span value);

/* Copies the value into the emptied buffer, which the caller wipes. 1; 0 when there is none; -1 without memory. */
int pa_shared_get(struct pa_shared *shared, struct pa_span name, struct pa_buffer *value);

/* How many values there are. */
size_t pa_shared_count(struct pa_shared *shared);

/* Appends the names that begin with `prefix`, each with a NUL after it. 0, or -1 without memory. */
int pa_shared_names(struct pa_shared *shared, struct pa_span prefix, struct pa_buffer *names);

/* Removes the value of that name, if there is one. */
void pa_shared_drop(struct pa_shared *shared, struct pa_span name);

#endif
