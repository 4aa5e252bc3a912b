/* Leases VMs of the current generation, and replaces it when script/reload says so. */
#include "script/pool.h"

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
#include "native/services.h"
#include "native/shared.h"
#include "script/body_limit.h"
#include "script/excerpt.h"
#include "script/generation.h"
#include "script/leases.h"
#include "script/reload.h"
#include "script/vm.h"

enum {
	LEASE_MS = 5000,
	IDLE_MS = 60000,
	JOBS_PAUSE = 1,      /* seconds, after a job could not be run */
	CATCH_UP_MS = 10000, /* how long a page waits for a reload */
	PROBLEM_MAX = 15000, /* bytes, of what pa_shared_put takes: a longer text is cut */
};

struct pa_pool {
	struct pa_pool_options options; /* defaults filled in */
	struct pa_leases *leases;
	atomic_bool never_loaded;   /* the current generation shows a fault */
	atomic_bool reload_starved; /* the last reload had not enough memory */
	atomic_size_t body_floor;   /* of the current generation: pa_body_limit_floor */
	struct pa_reload *reload;
	struct pa_admission *admission;
};

/* Generations */

static struct pa_generation *load(const struct pa_pool *pool, enum pa_generation_broken broken, struct pa_fault *fault)
{
	const struct pa_pool_options *options = &pool->options;

	return pa_generation_load(options->folders, options->services, options->entry, options->vms_max, broken, fault);
}

/* Requests */

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

void pa_pool_observe(void *context, const struct pa_request *request, int status, const char *reason)
{
	const struct pa_pool *pool = context;

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

static void answer_unavailable(
	struct pa_pool *pool, const struct pa_request *request, struct pa_response *response, const char *reason)
{
	char text[80];

	snprintf(text, sizeof text, "%s\n", reason);
	pa_response_unavailable(response, text);
	pa_request_set_refusal(request, pa_text_span(reason));
	pa_pool_observe(pool, request, 503, reason);
}

/* The dashboard says itself that the newest scripts do not load. */
static bool is_of_dashboard(const struct pa_request *request)
{
	static const char path[] = "/dashboard";
	size_t length = sizeof path - 1;

	return request->path.length >= length && memcmp(request->path.at, path, length) == 0 &&
		   (request->path.length == length || request->path.at[length] == '/');
}

/* Which scripts answer a request. False when it would get an error that may not be true any more. */
static bool choose(struct pa_pool *pool, const struct pa_request *request, enum pa_leases_whose *whose)
{
	*whose = PA_LEASES_CURRENT;
	if (!pool->options.development)
		return true;
	bool is_page = pa_request_accepts(request, "text/html"); /* a person's browser */
	if (!is_page && !atomic_load(&pool->never_loaded))
		return true;
	bool is_caught_up = pa_reload_catch_up(pool->reload, CATCH_UP_MS);
	if (is_caught_up && is_page && !is_of_dashboard(request))
		*whose = PA_LEASES_NEWEST;
	return is_caught_up || !atomic_load(&pool->never_loaded);
}

void pa_pool_handle(void *context, const struct pa_request *request, struct pa_response *response)
{
	struct pa_pool *pool = context;
	struct pa_fault fault = {0};
	enum pa_leases_whose whose;
	struct pa_lease lease;

	if (!choose(pool, request, &whose)) {
		answer_unavailable(pool, request, response, "the scripts are being read again");
		return;
	}
	pa_admission_enter(pool->admission);
	if (!pa_leases_begin(pool->leases, whose, &lease, &fault)) {
		pa_admission_leave(pool->admission);
		answer_unavailable(pool, request, response, "the server is busy");
		return;
	}
	bool handled = lease.vm && pa_vm_handle(lease.vm, request, response, &fault) == 0;
	if (!handled && fault.no_memory)
		answer_unavailable(pool, request, response, "the server has not enough memory");
	else if (!handled)
		answer_fault(pool, lease.vm, request, response, &fault);
	pa_fault_free(&fault);
	pa_leases_end(pool->leases, &lease);
	pa_admission_leave(pool->admission);
}

static void log_fault(const struct pa_pool *pool, const char *message, const struct pa_fault *fault)
{
	pa_log(PA_LOG_ERROR, pool->options.name, NULL, message, "error", fault->message,
		fault->traceback ? "traceback" : NULL, fault->traceback, NULL);
}

int pa_pool_limit(void *context, const struct pa_request *request, size_t length, size_t *limit)
{
	struct pa_pool *pool = context;
	struct pa_fault fault = {0};
	enum pa_leases_whose whose;
	struct pa_lease lease;

	if (!choose(pool, request, &whose))
		return -1;
	size_t floor = atomic_load(&pool->body_floor);
	if (floor == 0 || length <= floor)
		return 0;
	pa_admission_enter(pool->admission);
	int result = -1;
	if (pa_leases_begin(pool->leases, whose, &lease, &fault)) {
		if (lease.vm)
			result = pa_body_limit_of(lease.vm, request, limit, &fault);
		pa_leases_end(pool->leases, &lease);
	}
	pa_admission_leave(pool->admission);
	if (result < 0 && fault.message && !fault.no_memory)
		log_fault(pool, "the limit of a body cannot be found", &fault);
	pa_fault_free(&fault);
	return result;
}

long pa_pool_run_due(struct pa_pool *pool, const char *lane)
{
	struct pa_fault fault = {0};
	double seconds = JOBS_PAUSE;
	struct pa_lease lease;

	if (!pa_leases_begin(pool->leases, PA_LEASES_CURRENT, &lease, &fault))
		return JOBS_PAUSE * 1000L;
	if (!lease.vm || pa_entry_module_run_due(lease.vm, lane, &seconds, &fault) < 0) {
		log_fault(pool, "a job failed", &fault);
		pa_stats_add(PA_STAT_SCRIPT_ERRORS, 1);
		seconds = JOBS_PAUSE;
	}
	pa_fault_free(&fault);
	pa_leases_end(pool->leases, &lease);
	return seconds < 0 ? -1 : (long)(seconds * 1000);
}

int pa_pool_ask(void *context, struct pa_span question, struct pa_buffer *answer, struct pa_error *error)
{
	struct pa_pool *pool = context;
	struct pa_fault fault = {0};
	struct pa_lease lease;

	if (!pa_leases_begin(pool->leases, PA_LEASES_CURRENT, &lease, &fault)) {
		pa_error_set(error, "busy", "the app is busy: all of its VMs are in use");
		return -1;
	}
	int result = lease.vm ? pa_entry_module_ask(lease.vm, question, answer, &fault) : -1;
	if (result < 0) {
		log_fault(pool, "the scripts failed when the sandbox asked them", &fault);
		pa_stats_add(PA_STAT_SCRIPT_ERRORS, 1);
		pa_error_set(error, fault.no_memory ? "memory" : "script", "%s", fault.message ? fault.message : "no memory");
	}
	pa_fault_free(&fault);
	pa_leases_end(pool->leases, &lease);
	return result;
}

int pa_pool_lanes(struct pa_pool *pool, struct pa_entry_module_lanes *lanes)
{
	struct pa_fault fault = {0};
	struct pa_lease lease;
	int result = 0;

	if (!pa_leases_begin(pool->leases, PA_LEASES_CURRENT, &lease, &fault)) {
		pa_log(PA_LOG_WARN, pool->options.name, NULL, "all VMs are in use: the jobs start later", NULL);
		return -1;
	}
	if (!lease.vm || pa_entry_module_lanes(lease.vm, lanes, &fault) < 0) {
		log_fault(pool, "the lanes of jobs cannot be read", &fault);
		result = -1;
	}
	pa_fault_free(&fault);
	pa_leases_end(pool->leases, &lease);
	return result;
}

/* Keeps why the newest scripts do not load, for scripts to read (host/state.lua); NULL: they do. */
static void keep_problem(const struct pa_pool *pool, const char *message)
{
	static const struct pa_span name = {.at = "scripts.problem", .length = 15};
	struct pa_shared *shared = pool->options.services->shared;

	if (!message)
		pa_shared_drop(shared, name);
	else if (pa_shared_put(shared, name, (struct pa_span){.at = message, .length = strnlen(message, PROBLEM_MAX)}) < 0)
		pa_log(PA_LOG_WARN, pool->options.name, NULL, "the dashboard cannot show why the scripts do not load", NULL);
}

/* The fault of scripts that do not load, with the lines that it names. */
static void log_broken(const struct pa_pool *pool, const char *message, const struct pa_generation *generation)
{
	struct pa_fault fault = generation->broken;
	char *text = pa_excerpt_add(generation->snapshot, fault.message);

	if (text)
		fault.message = text;
	log_fault(pool, message, &fault);
	keep_problem(pool, fault.message);
	free(text);
}

/* Makes a generation the current one. */
static void put(struct pa_pool *pool, struct pa_generation *generation)
{
	atomic_store(&pool->body_floor, generation->body_floor); /* before the leases own it */
	pa_leases_put(pool->leases, generation);
}

/* Reloading: called by the thread of script/reload alone */

/* Has pages show why the newest scripts do not load. Without a VM the library is broken too, and cannot show it. */
static void show_broken(struct pa_pool *pool, struct pa_generation *generation)
{
	if (generation && generation->free_count == 0) {
		pa_generation_free(generation);
		generation = NULL;
	}
	pa_leases_put_broken(pool->leases, generation);
}

static void log_reloaded(const struct pa_pool *pool, int64_t begun_ns)
{
	char ms[PA_RECORD_NUMBER_MAX];

	const struct pa_log_field took = pa_record_number("ms", ms, "%.1f", (double)(pa_clock_ns() - begun_ns) / 1e6);
	pa_log_fields(PA_LOG_INFO, pool->options.name, NULL, "reloaded", strlen("reloaded"), &took, 1);
}

static void reload(void *context)
{
	struct pa_pool *pool = context;
	enum pa_generation_broken broken = PA_GENERATION_NONE;
	struct pa_fault fault = {0};
	int64_t begun_ns = pa_clock_ns();

	if (atomic_load(&pool->never_loaded))
		broken = PA_GENERATION_ALONE;
	else if (pool->options.development && pool->options.watch)
		broken = PA_GENERATION_BESIDE;
	struct pa_generation *generation = load(pool, broken, &fault);
	atomic_store(&pool->reload_starved, !generation && fault.no_memory);
	bool works = generation && !generation->broken.message;
	pa_stats_add(works ? PA_STAT_RELOADS : PA_STAT_RELOADS_FAILED, 1);
	if (!generation) {
		log_fault(pool, "not reloaded: the last good scripts go on", &fault);
		keep_problem(pool, fault.message ? fault.message : "not enough memory");
		show_broken(pool, NULL);
	} else if (works) {
		put(pool, generation);
		pa_leases_put_broken(pool->leases, NULL);
		keep_problem(pool, NULL);
		atomic_store(&pool->never_loaded, false);
		log_reloaded(pool, begun_ns);
		pa_bell_ring(pool->options.services->bell); /* the new scripts may have other jobs */
	} else if (generation->beside) {
		log_broken(pool, "not reloaded: the last good scripts go on", generation);
		show_broken(pool, generation);
	} else {
		put(pool, generation); /* only this thread does so: `generation` stays valid */
		log_broken(pool, "the scripts do not load", generation);
	}
	pa_fault_free(&fault);
}

void pa_pool_trim(struct pa_pool *pool)
{
	pa_leases_trim(pool->leases);
	if (atomic_load(&pool->reload_starved) && !pa_memory_is_short())
		pa_pool_reload(pool);
}

/* Opening and closing */

/* The first of the problems that a fault's message has, each on a line. */
static void describe(const struct pa_fault *fault, struct pa_error *error)
{
	const char *message = fault->message ? fault->message : "not enough memory";
	size_t length = strcspn(message, "\n");

	pa_error_set(error, "scripts", "the scripts do not load: %.*s%s", (int)length, message,
		message[length] ? " (partnerapp check lists all problems)" : "");
}

struct pa_pool *pa_pool_open(const struct pa_pool_options *options, struct pa_error *error)
{
	struct pa_pool *pool = calloc(1, sizeof *pool);
	struct pa_fault fault = {0};

	if (!pool) {
		pa_error_set(error, "scripts", "not enough memory");
		return NULL;
	}
	pool->options = *options;
	if (!pool->options.entry)
		pool->options.entry = "partnerapp.host";
	if (!pool->options.lease_ms)
		pool->options.lease_ms = LEASE_MS;
	if (!pool->options.idle_ms)
		pool->options.idle_ms = IDLE_MS;
	pool->leases = pa_leases_new(options->vms_max, pool->options.lease_ms, pool->options.idle_ms);
	pool->admission = pa_admission_open();
	if (!pool->leases || !pool->admission) {
		pa_error_set(error, "scripts", "not enough memory or threads");
		goto failed;
	}
	options->services->admission = pool->admission;
	pool->reload = pa_reload_open(options->watch ? options->folders : NULL, options->name, error);
	if (!pool->reload)
		goto failed;
	struct pa_generation *first = load(pool, options->development ? PA_GENERATION_ALONE : PA_GENERATION_NONE, &fault);
	if (!first) {
		describe(&fault, error);
		goto failed;
	}
	put(pool, first);
	atomic_store(&pool->never_loaded, first->broken.message != NULL);
	if (first->broken.message)
		log_broken(pool, "the scripts do not load: every route shows the error until a good one is saved", first);
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
	pa_leases_free(pool->leases);
	pool->options.services->admission = NULL;
	pa_admission_close(pool->admission);
	free(pool);
}
