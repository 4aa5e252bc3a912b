/* The thread of a server that runs its app's jobs (App:every) when they are due, one after the other. */
#ifndef PA_JOBS_H
#define PA_JOBS_H

#include "base/error.h"
#include "run/services.h"
#include "script/pool.h"

struct pa_jobs;

/* Starts the thread. Pool and services are borrowed and outlive it. NULL with code "jobs". */
struct pa_jobs *pa_jobs_open(struct pa_pool *pool, struct pa_services *services, struct pa_error *error);

/* No further job begins; returns at once. NULL is fine. */
void pa_jobs_stop(struct pa_jobs *jobs);

/* Waits for the one that runs. NULL is fine. */
void pa_jobs_close(struct pa_jobs *jobs);

#endif
