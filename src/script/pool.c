/* Leases VMs of the current generation, and replaces it when script/reload says so. */
#include "script/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/admission.h"
#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/refusal.h"
#include "base/stats.h"
#include "base/trail.h"
#include "script/generation.h"
#include "script/reload.h"
#include "script/vm.h"

enum {
	LEASE_MS = 5000,
	IDLE_MS = 60000,
	FREED_AT_ONCE = 64, /* VMs */
	JOBS_PAUSE = 1,     /* seconds, after a job could not be run */
};

struct pa_pool {
	struct pa_pool_options options; /* defaults filled in */
	pthread_mutex_t mutex;          /* for all that follows, and for the generations' counts */
	pthread_cond_t returned;
	struct pa_generation *current;
	unsigned leased;
	int64_t looked_ms;          /* pa_pool_trim: when it looked for unused VMs */
	atomic_bool reload_starved; /* the last reload had not enough memory */
	struct pa_reload *reload;
	struct pa_admission *admission;
};

/* Generations */

static struct pa_generation *load(const struct pa_pool *pool, bool even_broken, struct pa_fault *fault)
{
	const struct pa_pool_options *options = &pool->options;

	return pa_generation_load(
		options->folders, options->services, options->entry, options->vms_max, even_broken, fault);
}

/* True for the last reference: the caller then frees the generation, without the mutex. The mutex is held. */
static bool drop_reference(struct pa_generation *generation)
{
	return --generation->references == 0;
}

static void swap_in(struct pa_pool *pool, struct pa_generation *generation)
{
	pthread_mutex_lock(&pool->mutex);
	struct pa_generation *old = pool->current;
	pool->current = generation;
	bool last = old && drop_reference(old);
	pthread_cond_broadcast(&pool->returned);
	pthread_mutex_unlock(&pool->mutex);
	if (last)
		pa_generation_free(old);
}

/* Leasing */

/* The current generation with one of its free VMs in *vm, or with *vm NULL: the caller then makes a VM, which is
 * counted already. NULL when neither was possible in time. */
static struct pa_generation *lease(struct pa_pool *pool, struct pa_vm **vm)
{
	struct pa_generation *generation = NULL;
	struct timespec until;
	int waited = -1; /* -1: not waited yet */

	*vm = NULL;
	pthread_mutex_lock(&pool->mutex);
	for (;;) {
		struct pa_generation *current = pool->current;
		if (current->free_count > 0)
			*vm = current->free_vms[--current->free_count];
		if (current->unused > current->free_count)
			current->unused = current->free_count;
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

/* Ends a lease. The VM is kept for the next one, unless there is a newer generation, or it has too much memory or has
 * spent its budget: then it is freed. `vm` is NULL when none could be made. */
static void return_vm(struct pa_pool *pool, struct pa_generation *generation, struct pa_vm *vm)
{
	bool is_good = vm && pa_vm_settle(vm), is_short = pa_memory_is_short(), keep, last;

	pthread_mutex_lock(&pool->mutex);
	keep = is_good && generation == pool->current && (!is_short || generation->free_count < PA_POOL_KEPT);
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
		pa_generation_free(generation);
}

static void answer_fault(struct pa_pool *pool, struct pa_vm *vm, const struct pa_request *request,
	struct pa_response *response, const struct pa_fault *fault)
{
	char text[160];

	if (vm && pa_vm_fail(vm, request, response) == 0) {
		/* A refusal that was raised (web/refusal) comes here too, and has another status. */
		pa_stats_add(PA_STAT_SCRIPT_ERRORS, response->status == 500);
		return;
	}
	pa_stats_add(PA_STAT_SCRIPT_ERRORS, 1);
	pa_log(PA_LOG_ERROR, pool->options.name, request->id, "the error page failed too: sending plain text", "error",
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
	struct pa_generation *generation = lease(pool, &vm);
	if (!generation) {
		pa_admission_leave(pool->admission);
		pa_response_unavailable(response, "the server is busy\n");
		return;
	}
	if (!vm)
		vm = pa_generation_new_vm(generation, &fault);
	bool handled = vm && pa_vm_handle(vm, request, response, &fault) == 0;
	if (!handled && fault.no_memory)
		pa_response_unavailable(response, "the server has not enough memory\n");
	else if (!handled)
		answer_fault(pool, vm, request, response, &fault);
	pa_fault_free(&fault);
	return_vm(pool, generation, vm);
	pa_admission_leave(pool->admission);
}

void pa_pool_observe(void *context, const struct pa_request *request, int status, const char *reason)
{
	const struct pa_pool *pool = context;

	if (status == 503) { /* counted, and not logged at info: the client did nothing wrong */
		if (request->trail)
			pa_trail_refuse(request->trail, "request refused", reason, NULL);
		else
			pa_log(PA_LOG_DEBUG, pool->options.name, request->id, "request refused", "reason", reason, "peer",
				request->ip.at, NULL);
		return;
	}
	const struct pa_refusal refusal = {.server = pool->options.name,
		.request_id = *request->id ? request->id : NULL,
		.message = "request refused",
		.status = status,
		.reason = pa_refusal_reason(status),
		.detail = reason,
		.peer = request->ip.at,
		.trail = request->trail};
	pa_refusal_log(&refusal, pa_clock_ms());
}

static void log_fault(const struct pa_pool *pool, const char *message, const struct pa_fault *fault)
{
	pa_log(PA_LOG_ERROR, pool->options.name, NULL, message, "error", fault->message,
		fault->traceback ? "traceback" : NULL, fault->traceback, NULL);
}

/* A leased VM, made when none was free. NULL when there is none in time (*generation NULL), or when it could not be
 * made (*fault). */
static struct pa_vm *lease_vm(struct pa_pool *pool, struct pa_generation **generation, struct pa_fault *fault)
{
	struct pa_vm *vm;

	*generation = lease(pool, &vm);
	if (*generation && !vm)
		vm = pa_generation_new_vm(*generation, fault);
	return vm;
}

long pa_pool_run_due(struct pa_pool *pool, const char *lane)
{
	struct pa_fault fault = {0};
	double seconds = JOBS_PAUSE;
	struct pa_generation *generation;

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

int pa_pool_lanes(struct pa_pool *pool, struct pa_vm_lanes *lanes)
{
	struct pa_fault fault = {0};
	struct pa_generation *generation;
	int result = 0;

	struct pa_vm *vm = lease_vm(pool, &generation, &fault);
	if (!generation) {
		pa_log(PA_LOG_WARN, pool->options.name, NULL, "all VMs are in use: the jobs start later", NULL);
		return -1;
	}
	if (!vm || pa_vm_lanes(vm, lanes, &fault) < 0) {
		log_fault(pool, "the lanes of jobs cannot be read", &fault);
		result = -1;
	}
	pa_fault_free(&fault);
	return_vm(pool, generation, vm);
	return result;
}

/* Reloading: called by the thread of script/reload alone */

static void reload(void *context)
{
	struct pa_pool *pool = context;
	struct pa_fault fault = {0};
	int64_t begun = pa_clock_ns();
	char ms[PA_RECORD_NUMBER_MAX];

	/* The current generation is broken only if no version has loaded so far: then the newest fault is to be shown. */
	bool was_broken = pool->current->broken.message != NULL;
	struct pa_generation *generation = load(pool, was_broken, &fault);
	atomic_store(&pool->reload_starved, !generation && fault.no_memory);
	if (!generation) {
		pa_stats_add(PA_STAT_RELOADS_FAILED, 1);
		log_fault(pool, "not reloaded: the last good scripts go on", &fault);
		pa_fault_free(&fault);
		return;
	}
	pa_fault_free(&fault);
	swap_in(pool, generation); /* only this thread replaces the current one: `generation` stays valid below */
	if (generation->broken.message) {
		pa_stats_add(PA_STAT_RELOADS_FAILED, 1);
		log_fault(pool, "the scripts do not load", &generation->broken);
		return;
	}
	const struct pa_log_field took = pa_record_number("ms", ms, "%.1f", (double)(pa_clock_ns() - begun) / 1e6);
	pa_stats_add(PA_STAT_RELOADS, 1);
	pa_log_fields(PA_LOG_INFO, pool->options.name, NULL, "reloaded", strlen("reloaded"), &took, 1);
	pa_bell_ring(pool->options.services->bell); /* the new scripts may have other jobs */
}

/* Trimming */

/* Moves VMs that are to be freed from the current generation into `vms`. The number of them. */
static unsigned take_unused(struct pa_pool *pool, struct pa_vm *vms[FREED_AT_ONCE])
{
	bool is_short = pa_memory_is_short();
	unsigned count = 0;

	pthread_mutex_lock(&pool->mutex);
	struct pa_generation *current = pool->current;
	bool is_time = pa_clock_ms() - pool->looked_ms >= (pool->options.idle_ms + 1) / 2;
	if (is_short)
		count = current->free_count;
	else if (is_time)
		count = current->unused;
	count = count > PA_POOL_KEPT ? count - PA_POOL_KEPT : 0;
	bool is_all = count <= FREED_AT_ONCE;
	if (!is_all)
		count = FREED_AT_ONCE;
	/* The first ones were returned before all others. */
	memcpy(vms, current->free_vms, count * sizeof(struct pa_vm *));
	current->free_count -= count;
	current->made -= count;
	memmove(current->free_vms, current->free_vms + count, current->free_count * sizeof(struct pa_vm *));
	if (is_all && is_time) {
		current->unused = current->free_count;
		pool->looked_ms = pa_clock_ms();
	} else {
		current->unused -= current->unused < count ? current->unused : count;
	}
	pthread_mutex_unlock(&pool->mutex);
	return count;
}

void pa_pool_trim(struct pa_pool *pool)
{
	struct pa_vm *vms[FREED_AT_ONCE];
	unsigned count;

	do {
		count = take_unused(pool, vms);
		for (unsigned i = 0; i < count; i++)
			pa_vm_free(vms[i]);
		pa_stats_add(PA_STAT_VMS, -(long)count);
	} while (count == FREED_AT_ONCE);
	if (atomic_load(&pool->reload_starved) && !pa_memory_is_short())
		pa_pool_reload(pool);
}

/* Opening and closing */

struct pa_pool *pa_pool_open(const struct pa_pool_options *options, struct pa_error *error)
{
	struct pa_pool *pool = calloc(1, sizeof *pool);
	struct pa_fault fault = {0};

	if (!pool) {
		pa_error_set(error, "scripts", "not enough memory");
		return NULL;
	}
	pthread_mutex_init(&pool->mutex, NULL);
	pa_clock_condition(&pool->returned);
	pool->options = *options;
	if (!pool->options.entry)
		pool->options.entry = "partnerapp.host";
	if (!pool->options.lease_ms)
		pool->options.lease_ms = LEASE_MS;
	if (!pool->options.idle_ms)
		pool->options.idle_ms = IDLE_MS;
	pool->looked_ms = pa_clock_ms();
	pool->admission = pa_admission_open();
	if (!pool->admission) {
		pa_error_set(error, "scripts", "not enough memory or threads");
		goto failed;
	}
	options->services->admission = pool->admission;
	pool->reload = pa_reload_open(options->watch ? options->folders : NULL, error);
	if (!pool->reload)
		goto failed;
	pool->current = load(pool, true, &fault);
	if (!pool->current) {
		pa_error_set(error, "scripts", "%s", fault.message ? fault.message : "not enough memory");
		goto failed;
	}
	if (pool->current->broken.message)
		log_fault(pool, "the scripts do not load: every route shows the error until a good one is saved",
			&pool->current->broken);
	if (pa_reload_start(pool->reload, reload, pool, error) < 0)
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
	pa_reload_request(pool->reload);
}

void pa_pool_close(struct pa_pool *pool)
{
	if (!pool)
		return;
	pa_reload_close(pool->reload);
	pa_stats_leaked("VMs", pool->leased);
	if (pool->current)
		pa_generation_free(pool->current);
	pool->options.services->admission = NULL;
	pa_admission_close(pool->admission);
	pthread_cond_destroy(&pool->returned);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}
