/* Wakes a thread that waits for a time to come. Any thread may ring; what rings while nobody waits is not lost. */
#ifndef PA_BELL_H
#define PA_BELL_H

struct pa_bell;

/* NULL without memory. */
struct pa_bell *pa_bell_open(void);
void pa_bell_close(struct pa_bell *bell);

void pa_bell_ring(struct pa_bell *bell);

/* Until somebody rings, or `ms` milliseconds have passed; less than 0 is for ever. */
void pa_bell_wait(struct pa_bell *bell, long ms);

#endif
