/*
 * Limits how many requests are in Lua at the same time. Two for each processor and two more enter at once; a further
 * one enters when another leaves, while a processor is idle, or after 20 ms. So with a fast upstream few requests run
 * at a time, and their VMs stay in the processor's cache; with a slow one all of them wait together. Any thread; never
 * raises.
 */
#ifndef PA_ADMISSION_H
#define PA_ADMISSION_H

struct pa_admission;

/* NULL without memory or a thread. */
struct pa_admission *pa_admission_open(void);

/* Call when no thread is between enter and leave. NULL does nothing. */
void pa_admission_close(struct pa_admission *admission);

/* Call around each request. pa_admission_enter may wait up to 20 ms. */
void pa_admission_enter(struct pa_admission *admission);
void pa_admission_leave(struct pa_admission *admission);

#endif
