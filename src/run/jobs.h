/*
 * Runs an app's jobs (App:every) when they are due, with one thread for each lane: a slow job delays only the other
 * jobs of its lane. Used by the thread that runs the server. Never raises.
 */
#ifndef PA_JOBS_H
#define PA_JOBS_H

#include "base/error.h"
#include "native/services.h"
#include "script/pool.h"

struct pa_jobs;

/* Starts the threads. Pool and services are borrowed and outlive them. NULL with code "jobs". */
struct pa_jobs *pa_jobs_open(struct pa_pool *pool, struct pa_services *services, struct pa_error *error);

/* From now on no job begins; returns at once. NULL does nothing. */
void pa_jobs_stop(struct pa_jobs *jobs);

/* Waits for the jobs that run, then frees. NULL does nothing. */
void pa_jobs_close(struct pa_jobs *jobs);

#endif
