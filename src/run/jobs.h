/*
 * Runs an app's jobs (App:every) when they are due: one thread for each lane, so that a slow job delays only those of
 * its own lane.
 */
#ifndef PA_JOBS_H
#define PA_JOBS_H

#include "base/error.h"
#include "native/services.h"
#include "script/pool.h"

struct pa_jobs;

/* Starts the threads. Pool and services are borrowed and outlive them. NULL with code "jobs". */
struct pa_jobs *pa_jobs_open(struct pa_pool *pool, struct pa_services *services, struct pa_error *error);

/* No further job begins; returns at once. NULL is fine. */
void pa_jobs_stop(struct pa_jobs *jobs);

/* Waits for those that run. NULL is fine. */
void pa_jobs_close(struct pa_jobs *jobs);

#endif
