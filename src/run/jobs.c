/* Asks the app's scripts for what is due, and waits until something else is. */
#include "run/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/bell.h"

struct pa_jobs {
	struct pa_pool *pool;
	struct pa_services *services;
	pthread_t thread;
	atomic_bool stopping;
};

static void *work(void *context)
{
	struct pa_jobs *jobs = context;

	while (!atomic_load(&jobs->stopping))
		pa_bell_wait(jobs->services->bell, pa_pool_run_due(jobs->pool));
	return NULL;
}

struct pa_jobs *pa_jobs_open(struct pa_pool *pool, struct pa_services *services, struct pa_error *error)
{
	struct pa_jobs *jobs = calloc(1, sizeof *jobs);

	if (jobs) {
		jobs->pool = pool;
		jobs->services = services;
		if (pthread_create(&jobs->thread, NULL, work, jobs) == 0)
			return jobs;
	}
	free(jobs);
	pa_error_set(error, "jobs", "no thread for the app's jobs");
	return NULL;
}

void pa_jobs_stop(struct pa_jobs *jobs)
{
	if (!jobs)
		return;
	atomic_store(&jobs->stopping, true);
	pa_bell_ring(jobs->services->bell);
}

void pa_jobs_close(struct pa_jobs *jobs)
{
	if (!jobs)
		return;
	pa_jobs_stop(jobs);
	pthread_join(jobs->thread, NULL);
	free(jobs);
}
