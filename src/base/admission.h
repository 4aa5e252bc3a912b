/*
 * Limits how many requests are in Lua at the same time, and how many have begun. Each of these has a VM: with few of
 * them the VMs stay in the processor's cache, and 64 first callbacks need not make 64 VMs.
 *
 * Four requests for each processor and four more are in Lua at once. Twice as many may have begun, of which the others
 * wait outside, for a call out; they come back before those that have not begun. A further request begins when another
 * ends, while a processor is idle, or after a while: 20 ms, 100 ms when too many have begun. The latter two raise how
 * many may have begun, so with a slow upstream all of them wait for it together; it falls again while requests wait
 * and no processor is idle. Any thread; never raises.
 */
#ifndef PA_ADMISSION_H
#define PA_ADMISSION_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pa_admission;

/* NULL without memory or a thread. */
struct pa_admission *pa_admission_open(void);

/* Call when no thread is between enter and leave. NULL does nothing. */
void pa_admission_close(struct pa_admission *admission);

/* Call around each request. pa_admission_enter may wait up to 100 ms. */
void pa_admission_enter(struct pa_admission *admission);
void pa_admission_leave(struct pa_admission *admission);

/*
 * A wait of one thread outside, in pa_admission_wait. When what it waits for has happened, another thread calls
 * pa_admission_come_back, before or after that. The waiting thread is woken once there is room for it, or after a
 * second. Without an admission (NULL) it is woken at once.
 */
struct pa_admission_turn {
	sem_t woken;
	atomic_bool is_inside;
	bool is_queued; /* the admission's mutex is held for this and for `next` */
	struct pa_admission_turn *next;
};

void pa_admission_turn_init(struct pa_admission_turn *turn);
void pa_admission_turn_destroy(struct pa_admission_turn *turn);
void pa_admission_come_back(struct pa_admission *admission, struct pa_admission_turn *turn);
void pa_admission_wait(struct pa_admission *admission, struct pa_admission_turn *turn);

#endif
