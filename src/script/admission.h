/*
 * How many requests are between their begin and their end in Lua at once. As many as the processors can take are let in
 * at once; more only while a processor has nothing else to do, that is, while those inside wait for something. So
 * behind a fast upstream a few requests at a time run with their VMs in the processor's cache, and behind a slow one
 * all of them wait together. Any thread.
 */
#ifndef PA_ADMISSION_H
#define PA_ADMISSION_H

struct pa_admission;

/* NULL without memory or a thread. */
struct pa_admission *pa_admission_open(void);
void pa_admission_close(struct pa_admission *admission);

/* Around a request. Enter may wait up to 20 ms. */
void pa_admission_enter(struct pa_admission *admission);
void pa_admission_leave(struct pa_admission *admission);

#endif
