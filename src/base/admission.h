/*
 * Limits how many requests are in Lua at the same time. Four for each processor and four more enter at once; a further
 * one enters when another leaves, while a processor is idle, or after 20 ms. So with a fast upstream few requests run
 * at a time, and their VMs stay in the processor's cache; with a slow one all of them wait together. A request that
 * waits for a call out is outside; it comes back before those that have not begun. While a processor is busy, a request
 * for which a VM would have to be made waits for one of another request, up to 100 ms: 64 first callbacks need not make
 * 64 VMs. Any thread; never raises.
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

/* Call around each request. pa_admission_enter may wait up to 100 ms. `vms`: how many VMs there are, leased or free. */
void pa_admission_enter(struct pa_admission *admission, unsigned vms);
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
