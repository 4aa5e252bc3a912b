/* What all VMs of a server share until the process ends: short texts by name. Any thread; wiped when it is freed. */
#ifndef PA_SHARED_H
#define PA_SHARED_H

#include "base/message.h"

struct pa_shared;

/* NULL without memory. */
struct pa_shared *pa_shared_open(void);
void pa_shared_close(struct pa_shared *memory);

/* Keeps a value of at most 16 KiB in place of the one of that name. 0, or -1: too long, too many (1,000) or no memory.
 */
int pa_shared_put(struct pa_shared *memory, struct pa_span name, struct pa_span value);

/* A copy of the value, *length bytes, which the caller frees; NULL when there is none. */
char *pa_shared_get(struct pa_shared *memory, struct pa_span name, size_t *length);

void pa_shared_drop(struct pa_shared *memory, struct pa_span name);

#endif
