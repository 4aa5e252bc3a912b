/* A bell wakes a thread from a timed wait. Any thread may ring; one thread waits. Never raises. */
#ifndef PA_BELL_H
#define PA_BELL_H

struct pa_bell;

/* NULL without memory. */
struct pa_bell *pa_bell_open(void);

/* Call when no thread rings or waits any more. NULL does nothing. */
void pa_bell_close(struct pa_bell *bell);

/* Ends the current wait, or else the next one at once. */
void pa_bell_ring(struct pa_bell *bell);

/* Waits until the bell rings or `ms` milliseconds have passed; ms < 0: until it rings. */
void pa_bell_wait(struct pa_bell *bell, long ms);

#endif
