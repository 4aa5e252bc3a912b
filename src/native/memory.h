/* What all VMs of a server share until the process ends: short texts by name. Any thread; wiped when it is freed. */
#ifndef PA_MEMORY_H
#define PA_MEMORY_H

#include "../message.h"

struct pa_memory;

/* NULL without memory. */
struct pa_memory *pa_memory_open(void);
void pa_memory_close(struct pa_memory *memory);

/* Keeps a value of at most 16 KiB in place of the one of that name. 0, or -1: too long, too many (1,000) or no memory.
 */
int pa_memory_put(struct pa_memory *memory, struct pa_span name, struct pa_span value);

/* A copy of the value, *length bytes, which the caller frees; NULL when there is none. */
char *pa_memory_get(struct pa_memory *memory, struct pa_span name, size_t *length);

void pa_memory_drop(struct pa_memory *memory, struct pa_span name);

#endif
