/* A dispatcher reads the lanes of the scripts, at the start and each time the services' bell rings, and starts a runner
 * for each. A runner runs the jobs of its lane that are due, and waits until the next one is. */
#include "run/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bell.h"
#include "base/log.h"

enum { AGAIN_MS = 1000 };

struct runner {
	struct pa_jobs *jobs;
	char *lane;
	struct pa_bell *bell;
	pthread_t thread;
};

struct pa_jobs {
	struct pa_pool *pool;
	struct pa_services *services;
	pthread_t dispatcher;
	pthread_mutex_t mutex; /* for the list of runners */
	struct runner *runners[PA_ENTRY_MODULE_LANES];
	size_t runner_count;
	atomic_bool stopping;
};

static void *run_lane(void *context)
{
	const struct runner *runner = context;

	while (!atomic_load(&runner->jobs->stopping))
		pa_bell_wait(runner->bell, pa_pool_run_due(runner->jobs->pool, runner->lane));
	return NULL;
}

static bool has_runner(const struct pa_jobs *jobs, const char *lane)
{
	for (size_t i = 0; i < jobs->runner_count; i++)
		if (strcmp(jobs->runners[i]->lane, lane) == 0)
			return true;
	return false;
}

static void free_runner(struct runner *runner)
{
	if (!runner)
		return;
	pa_bell_close(runner->bell);
	free(runner->lane);
	free(runner);
}

static int add_runner(struct pa_jobs *jobs, const char *lane)
{
	struct runner *runner = calloc(1, sizeof *runner);

	if (runner) {
		runner->jobs = jobs;
		runner->lane = strdup(lane);
		runner->bell = pa_bell_open();
	}
	if (runner && runner->lane && runner->bell && pthread_create(&runner->thread, NULL, run_lane, runner) == 0) {
		jobs->runners[jobs->runner_count++] = runner;
		return 0;
	}
	free_runner(runner);
	pa_log(PA_LOG_ERROR, jobs->services->name, NULL, "cannot start the thread of a lane of jobs", "lane", lane, NULL);
	return -1;
}

static void ring_all(struct pa_jobs *jobs)
{
	pthread_mutex_lock(&jobs->mutex);
	for (size_t i = 0; i < jobs->runner_count; i++)
		pa_bell_ring(jobs->runners[i]->bell);
	pthread_mutex_unlock(&jobs->mutex);
}

/* Starts the missing runners. The runner of a lane that is gone stays: the lane may come back. -1 when something failed
 * that may work later. */
static int start_runners(struct pa_jobs *jobs)
{
	struct pa_entry_module_lanes lanes;
	int result = 0;

	if (pa_pool_lanes(jobs->pool, &lanes) < 0)
		return -1;
	pthread_mutex_lock(&jobs->mutex);
	for (size_t i = 0; i < lanes.count; i++) {
		if (has_runner(jobs, lanes.names[i]))
			continue;
		if (jobs->runner_count < PA_ENTRY_MODULE_LANES)
			result |= add_runner(jobs, lanes.names[i]);
		else
			pa_log(PA_LOG_ERROR, jobs->services->name, NULL,
				"too many lanes of jobs: restart the server, for lanes of earlier scripts count too", "lane",
				lanes.names[i], NULL);
	}
	pthread_mutex_unlock(&jobs->mutex);
	return result;
}

static void *dispatch(void *context)
{
	struct pa_jobs *jobs = context;

	while (!atomic_load(&jobs->stopping)) {
		int started = start_runners(jobs);
		ring_all(jobs);
		pa_bell_wait(jobs->services->bell, started < 0 ? AGAIN_MS : -1);
	}
	return NULL;
}

struct pa_jobs *pa_jobs_open(struct pa_pool *pool, struct pa_services *services, struct pa_error *error)
{
	struct pa_jobs *jobs = calloc(1, sizeof *jobs);

	if (jobs) {
		jobs->pool = pool;
		jobs->services = services;
		pthread_mutex_init(&jobs->mutex, NULL);
		if (pthread_create(&jobs->dispatcher, NULL, dispatch, jobs) == 0)
			return jobs;
		pthread_mutex_destroy(&jobs->mutex);
	}
	free(jobs);
	pa_error_set(error, "jobs", "cannot start a thread for the app's jobs");
	return NULL;
}

void pa_jobs_stop(struct pa_jobs *jobs)
{
	if (!jobs)
		return;
	atomic_store(&jobs->stopping, true);
	pa_bell_ring(jobs->services->bell);
	ring_all(jobs);
}

void pa_jobs_close(struct pa_jobs *jobs)
{
	if (!jobs)
		return;
	pa_jobs_stop(jobs);
	pthread_join(jobs->dispatcher, NULL); /* after that no runner is added */
	ring_all(jobs);
	for (size_t i = 0; i < jobs->runner_count; i++) {
		pthread_join(jobs->runners[i]->thread, NULL);
		free_runner(jobs->runners[i]);
	}
	pthread_mutex_destroy(&jobs->mutex);
	free(jobs);
}
