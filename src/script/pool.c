/* Generations of VMs, and the thread that makes new ones. */
#include "script/pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "script/admission.h"
#include "script/vm.h"
#include "script/watch.h"

enum {
	LEASE_MS = 5000,
	JOBS_PAUSE = 1, /* seconds, after a job could not be run */
};

/* One snapshot of the scripts and the VMs made from it. */
struct generation {
	struct pa_snapshot *snapshot;
	struct pa_fault broken;  /* why it can only show an error; message NULL: it is whole */
	unsigned references;     /* the pool's, and one for each VM that is leased */
	struct pa_vm **free_vms; /* the most recently used one last */
	unsigned free_count, made;
};

struct pa_pool {
	struct pa_pool_options options; /* defaults filled in */
	pthread_mutex_t mutex;          /* for all that follows, and for the generations' counts */
	pthread_cond_t returned;
	struct generation *current;
	unsigned leased;
	bool stopping, thread_runs;
	pthread_t keeper;
	struct pa_watch *watch;
	struct pa_admission *admission;
	int wake; /* eventfd: reload or stop */
};

/* Generations */

static void destroy_generation(struct generation *generation)
{
	for (unsigned i = 0; i < generation->free_count; i++)
		pa_vm_free(generation->free_vms[i]);
	pa_stats_add(PA_STAT_VMS, -(long)generation->free_count);
	free(generation->free_vms);
	pa_snapshot_release(generation->snapshot);
	pa_fault_free(&generation->broken);
	free(generation);
}

static struct pa_vm *make_vm(
	const struct pa_pool *pool, const struct generation *generation, bool check, struct pa_fault *fault)
{
	bool broken = generation->broken.message != NULL;
	struct pa_vm *vm = pa_vm_new(
		&(struct pa_vm_options){
			.snapshot = generation->snapshot,
			.services = pool->options.services,
			.entry = broken ? "partnerapp.host.broken" : "partnerapp.host",
			.broken = broken ? &generation->broken : NULL,
			.check = check && !broken,
		},
		fault);

	if (vm)
		pa_stats_add(PA_STAT_VMS, 1);
	return vm;
}

static struct generation *new_generation(const struct pa_pool *pool, struct pa_snapshot *snapshot)
{
	struct generation *generation = calloc(1, sizeof *generation);

	if (!generation || !(generation->free_vms = calloc(pool->options.vms_max, sizeof *generation->free_vms))) {
		free(generation);
		pa_snapshot_release(snapshot);
		return NULL;
	}
	generation->snapshot = snapshot;
	generation->references = 1;
	return generation;
}

static void move_fault(struct pa_fault *to, struct pa_fault *from)
{
	pa_fault_free(to);
	*to = *from;
	*from = (struct pa_fault){0};
}

/*
 * Reads the scripts and makes the first VM of a new generation, which is the check. When the app does not load and
 * `even_broken`, the generation shows its fault instead. NULL with *fault.
 */
static struct generation *load(const struct pa_pool *pool, bool even_broken, struct pa_fault *fault)
{
	struct pa_error error;
	struct pa_snapshot *snapshot = pa_snapshot_read(pool->options.folders, &error);

	if (!snapshot && even_broken) { /* the app's folder may be missing: the library alone can say so */
		const char *const library[PA_ROOMS] = {[PA_ROOM_LIBRARY] = pool->options.folders[PA_ROOM_LIBRARY]};
		fault->message = strdup(error.text);
		snapshot = pa_snapshot_read(library, &error);
	}
	if (!snapshot) {
		pa_fault_free(fault);
		fault->message = strdup(error.text);
		return NULL;
	}
	struct generation *generation = new_generation(pool, snapshot);
	if (!generation) {
		pa_fault_free(fault);
		fault->message = strdup("not enough memory");
		return NULL;
	}
	struct pa_vm *vm = fault->message ? NULL : make_vm(pool, generation, true, fault);
	if (!vm && even_broken) {
		move_fault(&generation->broken, fault);
		vm = make_vm(pool, generation, true, fault);
	}
	if (!vm && !even_broken) {
		destroy_generation(generation);
		return NULL;
	}
	if (vm) {
		generation->free_vms[generation->free_count++] = vm;
		generation->made = 1;
	}
	return generation;
}

/* The mutex is held. True when nobody needs it any more: the caller then destroys it without the mutex. */
static bool drop_reference(struct generation *generation)
{
	return --generation->references == 0;
}

static void swap_in(struct pa_pool *pool, struct generation *generation)
{
	pthread_mutex_lock(&pool->mutex);
	struct generation *old = pool->current;
	pool->current = generation;
	bool last = old && drop_reference(old);
	pthread_cond_broadcast(&pool->returned);
	pthread_mutex_unlock(&pool->mutex);
	if (last)
		destroy_generation(old);
}

/* Leasing */

/* A free VM of the current generation, or the right to make one (*vm NULL). NULL when none came free in time. */
static struct generation *lease(struct pa_pool *pool, struct pa_vm **vm)
{
	struct generation *generation = NULL;
	struct timespec until;
	int waited = -1; /* not yet */

	*vm = NULL;
	pthread_mutex_lock(&pool->mutex);
	for (;;) {
		struct generation *current = pool->current;
		if (current->free_count > 0)
			*vm = current->free_vms[--current->free_count];
		if (*vm || current->made < pool->options.vms_max) {
			current->made += !*vm;
			current->references++;
			pool->leased++;
			pa_stats_add(PA_STAT_VMS_LEASED, 1);
			generation = current;
			break;
		}
		if (waited > 0)
			break;
		if (waited < 0)
			until = pa_clock_in(pool->options.lease_ms);
		waited = pthread_cond_timedwait(&pool->returned, &pool->mutex, &until);
	}
	pthread_mutex_unlock(&pool->mutex);
	return generation;
}

/* Takes a VM back, or frees it when its generation is over, its budget is spent, or there is none (NULL). */
static void return_vm(struct pa_pool *pool, struct generation *generation, struct pa_vm *vm)
{
	bool keep, last;

	pthread_mutex_lock(&pool->mutex);
	keep = vm && !pa_vm_spent(vm) && generation == pool->current;
	if (keep)
		generation->free_vms[generation->free_count++] = vm;
	else
		generation->made--;
	pool->leased--;
	pa_stats_add(PA_STAT_VMS_LEASED, -1);
	last = drop_reference(generation);
	pthread_cond_signal(&pool->returned);
	pthread_mutex_unlock(&pool->mutex);
	if (!keep && vm) {
		pa_vm_free(vm);
		pa_stats_add(PA_STAT_VMS, -1);
	}
	if (last)
		destroy_generation(generation);
}

static void answer_fault(struct pa_pool *pool, struct pa_vm *vm, const struct pa_request *request,
	struct pa_response *response, const struct pa_fault *fault)
{
	char text[160];

	if (vm && pa_vm_fail(vm, request, response) == 0) {
		/* A refusal comes this way too. */
		pa_stats_add(PA_STAT_SCRIPT_ERRORS, response->status == 500);
		return;
	}
	pa_stats_add(PA_STAT_SCRIPT_ERRORS, 1);
	pa_log(PA_LOG_ERROR, pool->options.name, request->id, "no page for a failure could be made", "error",
		fault->message, NULL);
	snprintf(text, sizeof text, "Something failed here. Request id: %s\n", request->id);
	pa_response_text(response, 500, text);
}

void pa_pool_handle(void *context, const struct pa_request *request, struct pa_response *response)
{
	struct pa_pool *pool = context;
	struct pa_fault fault = {0};
	struct pa_vm *vm;

	pa_admission_enter(pool->admission);
	struct generation *generation = lease(pool, &vm);
	if (!generation) {
		pa_admission_leave(pool->admission);
		pa_response_unavailable(response, "the server is busy\n");
		return;
	}
	if (!vm)
		vm = make_vm(pool, generation, false, &fault);
	if (!vm || pa_vm_handle(vm, request, response, &fault) < 0)
		answer_fault(pool, vm, request, response, &fault);
	pa_fault_free(&fault);
	return_vm(pool, generation, vm);
	pa_admission_leave(pool->admission);
}

void pa_pool_observe(void *context, const struct pa_request *request, int status, const char *reason)
{
	const struct pa_pool *pool = context;

	/* Under load there are too many 503 for a line each: they are counted. */
	pa_log(status == 503 ? PA_LOG_DEBUG : PA_LOG_INFO, pool->options.name, request->id, "request refused", "reason",
		reason, "peer", request->ip.at, NULL);
}

static void log_fault(const struct pa_pool *pool, const char *message, const struct pa_fault *fault)
{
	pa_log(PA_LOG_ERROR, pool->options.name, NULL, message, "error", fault->message,
		fault->traceback ? "traceback" : NULL, fault->traceback, NULL);
}

/* A leased VM, made when there was none; NULL when it cannot be, with *fault. */
static struct pa_vm *lease_vm(struct pa_pool *pool, struct generation **generation, struct pa_fault *fault)
{
	struct pa_vm *vm;

	*generation = lease(pool, &vm);
	if (*generation && !vm)
		vm = make_vm(pool, *generation, false, fault);
	return vm;
}

long pa_pool_run_due(struct pa_pool *pool, const char *lane)
{
	struct pa_fault fault = {0};
	double seconds = JOBS_PAUSE;
	struct generation *generation;

	struct pa_vm *vm = lease_vm(pool, &generation, &fault);
	if (!generation)
		return JOBS_PAUSE * 1000L;
	if (!vm || pa_vm_run_due(vm, lane, &seconds, &fault) < 0) {
		log_fault(pool, "a job failed", &fault);
		pa_stats_add(PA_STAT_SCRIPT_ERRORS, 1);
		seconds = JOBS_PAUSE;
	}
	pa_fault_free(&fault);
	return_vm(pool, generation, vm);
	return seconds < 0 ? -1 : (long)(seconds * 1000);
}

void pa_pool_lanes(struct pa_pool *pool, struct pa_vm_lanes *lanes)
{
	struct pa_fault fault = {0};
	struct generation *generation;

	lanes->count = 0;
	struct pa_vm *vm = lease_vm(pool, &generation, &fault);
	if (!generation)
		return;
	if (!vm || pa_vm_lanes(vm, lanes, &fault) < 0) {
		log_fault(pool, "the lanes of jobs cannot be read", &fault);
		lanes->count = 0;
	}
	pa_fault_free(&fault);
	return_vm(pool, generation, vm);
}

/* The keeper */

static void reload(struct pa_pool *pool)
{
	struct pa_fault fault = {0};
	int64_t begun = pa_clock_ns();
	char ms[32];

	/* What serves now is broken only when no good version ever was: then the newest fault is the one to show. */
	bool was_broken = pool->current->broken.message != NULL;
	struct generation *generation = load(pool, was_broken, &fault);
	if (!generation) {
		pa_stats_add(PA_STAT_RELOADS_FAILED, 1);
		log_fault(pool, "not reloaded: the last good scripts go on", &fault);
		pa_fault_free(&fault);
		return;
	}
	pa_fault_free(&fault);
	swap_in(pool, generation); /* before the log says so; it stays the current one until this thread makes another */
	if (generation->broken.message) {
		pa_stats_add(PA_STAT_RELOADS_FAILED, 1);
		log_fault(pool, "the scripts do not load", &generation->broken);
		return;
	}
	snprintf(ms, sizeof ms, "%.1f", (double)(pa_clock_ns() - begun) / 1e6);
	pa_stats_add(PA_STAT_RELOADS, 1);
	pa_log(PA_LOG_INFO, pool->options.name, NULL, "reloaded", "ms", ms, NULL);
	pa_bell_ring(pool->options.services->bell); /* its jobs may be others */
}

static bool is_stopping(struct pa_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	bool stopping = pool->stopping;
	pthread_mutex_unlock(&pool->mutex);
	return stopping;
}

static void *keep(void *context)
{
	struct pa_pool *pool = context;
	int wait_ms = -1;

	while (!is_stopping(pool)) {
		struct pollfd ready[2] = {{.fd = pool->wake, .events = POLLIN},
			{.fd = pool->watch ? pa_watch_fd(pool->watch) : -1, .events = POLLIN}};
		uint64_t asked = 0;
		if (pool->watch && pa_watch_settle(pool->watch, &wait_ms)) {
			reload(pool);
			continue;
		}
		if (poll(ready, 2, wait_ms) < 0 && errno != EINTR)
			break;
		if (ready[0].revents && read(pool->wake, &asked, sizeof asked) > 0 && !is_stopping(pool))
			reload(pool);
	}
	return NULL;
}

/* Opening and closing */

/* Before the first reading of the scripts, so that no change falls between the two. */
static int start_watching(struct pa_pool *pool, struct pa_error *error)
{
	pool->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->wake < 0)
		return pa_error_set(error, "scripts", "no eventfd: %s", strerror(errno));
	if (!pool->options.watch)
		return 0;
	pool->watch = pa_watch_open(pool->options.folders, PA_ROOMS, error);
	return pool->watch ? 0 : -1;
}

static int start_keeper(struct pa_pool *pool, struct pa_error *error)
{
	if (pthread_create(&pool->keeper, NULL, keep, pool) != 0)
		return pa_error_set(error, "scripts", "no thread for the keeper of the scripts");
	pool->thread_runs = true;
	return 0;
}

struct pa_pool *pa_pool_open(const struct pa_pool_options *options, struct pa_error *error)
{
	struct pa_pool *pool = calloc(1, sizeof *pool);
	struct pa_fault fault = {0};

	if (!pool) {
		pa_error_set(error, "scripts", "not enough memory");
		return NULL;
	}
	pool->wake = -1;
	pthread_mutex_init(&pool->mutex, NULL);
	pa_clock_condition(&pool->returned);
	pool->options = *options;
	if (!pool->options.lease_ms)
		pool->options.lease_ms = LEASE_MS;
	pool->admission = pa_admission_open();
	if (!pool->admission) {
		pa_error_set(error, "scripts", "not enough memory or threads");
		goto failed;
	}
	if (start_watching(pool, error) < 0)
		goto failed;
	pool->current = load(pool, true, &fault);
	if (!pool->current) {
		pa_error_set(error, "scripts", "%s", fault.message ? fault.message : "not enough memory");
		goto failed;
	}
	if (pool->current->broken.message)
		log_fault(pool, "the scripts do not load: every route shows the error until a good one is saved",
			&pool->current->broken);
	if (start_keeper(pool, error) < 0)
		goto failed;
	pa_fault_free(&fault);
	return pool;

failed:
	pa_fault_free(&fault);
	pa_pool_close(pool);
	return NULL;
}

void pa_pool_reload(struct pa_pool *pool)
{
	const uint64_t one = 1;

	while (write(pool->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void pa_pool_close(struct pa_pool *pool)
{
	if (!pool)
		return;
	if (pool->thread_runs) {
		pthread_mutex_lock(&pool->mutex);
		pool->stopping = true;
		pthread_mutex_unlock(&pool->mutex);
		pa_pool_reload(pool); /* wakes it */
		pthread_join(pool->keeper, NULL);
	}
	pa_stats_leaked("VMs", pool->leased);
	if (pool->current)
		destroy_generation(pool->current);
	pa_admission_close(pool->admission);
	pa_watch_close(pool->watch);
	if (pool->wake >= 0)
		close(pool->wake);
	pthread_cond_destroy(&pool->returned);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}
