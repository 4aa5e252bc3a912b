/* Starts, announces, drains and closes servers. */
#include "run/servers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/refusal.h"
#include "base/stats.h"
#include "client/http.h"
#include "native/shared.h"
#include "run/changed_file.h"
#include "run/descriptors.h"
#include "run/jobs.h"
#include "run/probes.h"
#include "run/process.h"
#include "run/recorder.h"
#include "run/signals.h"
#include "run/task.h"
#include "run/terminal.h"
#include "script/budget.h"
#include "script/pool.h"
#include "server/listen.h"
#include "server/server.h"

enum {
	DRAIN_MS = 10000, /* for requests in flight to end */
	CLOSE_MS = 3000,  /* then for threads to end, when a script hangs */
};

/* One server of the plan, started in part or whole. */
struct running {
	struct pa_room_paths paths;
	struct pa_services *services;
	struct pa_pool *pool;
	struct pa_server *server;
	struct pa_probes *probes;
	struct pa_jobs *jobs;
	struct pa_neighbour neighbour; /* that the server's scripts may ask */
};

static int open_pool(
	const struct pa_plan_server *plan, const char *library, struct running *running, struct pa_error *error)
{
	pa_rooms_locate(&running->paths, plan->app, library, false);
	running->pool = pa_pool_open(
		&(struct pa_pool_options){
			.name = plan->server.name,
			.folders = running->paths.folders,
			.entry = plan->entry,
			.services = running->services,
			/* for requests, the runners and the dispatcher of jobs, and probes */
			.vms_max = plan->server.workers + PA_ENTRY_MODULE_LANES + 1 + PA_PROBES_WORKERS,
			.watch = plan->watch,
			.development = plan->development,
		},
		error);
	return running->pool ? 0 : -1;
}

static int open_server(const struct pa_plan_server *plan, struct running *running, struct pa_error *error)
{
	struct pa_server_options options = plan->server;

	options.handle = pa_pool_handle;
	options.observe = pa_pool_observe;
	options.limit = pa_pool_limit;
	options.context = running->pool;
	options.record = running->services->traffic ? pa_recorder_request : NULL;
	options.record_context = running->services->traffic;
	running->server = pa_server_open(&options, error);
	return running->server ? 0 : -1;
}

static bool open_all(
	const struct pa_plan_server *plan, const char *library, struct running *running, struct pa_error *error)
{
	if (open_pool(plan, library, running, error) < 0)
		return false;
	if (!plan->server.listen)
		return true;
	if (plan->traffic.database && !(running->services->traffic = pa_traffic_open(&plan->traffic, error)))
		return false;
	if (open_server(plan, running, error) < 0)
		return false;
	if (plan->health_listen) {
		running->probes = pa_probes_open(plan->health_listen, running->pool, running->server, error);
		if (!running->probes)
			return false;
	}
	running->jobs = pa_jobs_open(running->pool, running->services, error);
	return running->jobs != NULL;
}

static int report(const struct pa_plan_server *plan, const struct pa_error *error)
{
	bool usage = strcmp(error->code, "usage") == 0 || strcmp(error->code, "key") == 0;

	pa_log_say("%s: %s", plan->server.name, error->text);
	return usage ? PA_EXIT_USAGE : PA_EXIT_FAILED;
}

/* Runs a task of the start. Its exit code; when that is not 0, the reason is on standard error. */
static int run_task(const struct pa_plan_server *plan, const struct pa_task *task)
{
	struct pa_error error = {0};
	int code;

	return pa_task_run(task, &code, &error) < 0 ? report(plan, &error) : code;
}

/* Opens one server. Returns an exit code; when it is not 0, the reason is on standard error. */
static int start(
	const struct pa_plan_server *plan, struct pa_snapshot *scripts, const char *library, struct running *running)
{
	struct pa_error error = {0};

	running->services = pa_services_open(&plan->services, &error);
	if (!running->services)
		return report(plan, &error);
	const struct pa_task schema = {
		.name = "schema", .library = library, .scripts = scripts, .services = running->services, .long_running = true};
	const struct pa_task required = {
		.name = "required", .library = library, .services = running->services, .app = plan->app};
	int code = run_task(plan, &schema);
	if (code == PA_EXIT_FINE && plan->requires)
		code = run_task(plan, &required);
	if (code != PA_EXIT_FINE)
		return code;
	return open_all(plan, library, running, &error) ? PA_EXIT_FINE : report(plan, &error);
}

/* Introduces servers to those that they may ask. Those come later in the plan, and so are closed later. */
static void introduce(const struct pa_plan *plan, struct running *running)
{
	for (size_t i = 0; i < plan->server_count; i++)
		for (size_t j = i + 1; plan->servers[i].asks && j < plan->server_count; j++)
			if (strcmp(plan->servers[i].asks, plan->servers[j].services.name) == 0) {
				running[i].neighbour = (struct pa_neighbour){pa_pool_ask, running[j].pool};
				atomic_store(&running[i].services->neighbour, &running[i].neighbour);
			}
}

/* Prints the plan's `ready` with {port:NAME} replaced. */
static void announce(const struct pa_plan *plan, const struct running *running)
{
	const char *at = plan->ready ? plan->ready : "";

	while (*at) {
		size_t length = strcspn(at, "{");
		fwrite(at, 1, length, stdout);
		at += length;
		for (size_t i = 0; *at && i <= plan->server_count; i++) {
			char mark[64];
			if (i == plan->server_count) {
				putchar(*at++);
				break;
			}
			snprintf(mark, sizeof mark, "{port:%s}", plan->servers[i].services.name);
			if (strncmp(at, mark, strlen(mark)) == 0) {
				printf("%u", pa_server_port(running[i].server));
				at += strlen(mark);
				break;
			}
		}
	}
	fflush(stdout);
}

/* A script that hangs keeps its worker until the process ends. True when a quarter of all workers are lost so. */
static bool too_many_hang(const struct pa_plan *plan)
{
	unsigned workers = 0;

	for (size_t i = 0; i < plan->server_count; i++)
		workers += plan->servers[i].server.workers;
	return pa_budget_hung() * 4 >= workers;
}

/* Frees what is not used any more, and logs when memory was short since the last call. */
static void trim(const struct pa_plan *plan, struct running *running, long *refused)
{
	long now = pa_stats_read(PA_STAT_MEMORY_REFUSED);

	if (now != *refused)
		pa_log(PA_LOG_WARN, NULL, NULL, "SCRIPT_MEMORY is used up: requests get 503, jobs fail", NULL);
	*refused = now;
	for (size_t i = 0; i < plan->server_count; i++)
		pa_pool_trim(running[i].pool);
	pa_memory_trim();
}

/* Waits for SIGTERM, SIGINT or the end of the terminal; reloads at another SIGHUP. Returns the exit code. */
static int wait_for_end(
	const struct pa_plan *plan, struct running *running, struct pa_changed_file *settings, struct pa_terminal *terminal)
{
	long refused = 0;

	for (;;) {
		enum pa_signal got = pa_signals_wait(1000);
		if (got == PA_SIGNAL_STOP)
			return PA_EXIT_FINE;
		if (pa_terminal_is_closed(terminal, got)) {
			pa_log(PA_LOG_INFO, NULL, NULL, "the terminal is closed: stopping", NULL);
			return PA_EXIT_FINE;
		}
		/* The kernel's, ignored at start, reloads too: one of a process in the same moment became one with it. */
		if (got == PA_SIGNAL_RELOAD || got == PA_SIGNAL_HANGUP)
			for (size_t i = 0; i < plan->server_count; i++)
				pa_pool_reload(running[i].pool);
		if (pa_changed_file_look(settings))
			pa_log(PA_LOG_WARN, NULL, NULL, "settings have changed: they take effect at the next start", "file",
				settings->path, NULL);
		trim(plan, running, &refused);
		if (too_many_hang(plan)) {
			pa_log(PA_LOG_ERROR, NULL, NULL, "a quarter of the workers hang in scripts: stopping", NULL);
			return PA_EXIT_FAILED;
		}
		if (pa_budget_blocks()) {
			pa_log(PA_LOG_ERROR, NULL, NULL,
				"a script that hangs holds what others wait for (the database's writer, the loading of scripts or a "
				"lane "
				"of jobs): stopping",
				NULL);
			return PA_EXIT_FAILED;
		}
	}
}

/* Waits until no request is in flight, at most DRAIN_MS or until a second signal. */
static void drain(size_t count, struct running *running)
{
	int64_t over = pa_clock_ms() + DRAIN_MS;

	for (size_t i = 0; i < count; i++) {
		pa_jobs_stop(running[i].jobs);
		if (running[i].server)
			pa_server_drain(running[i].server);
	}
	for (size_t i = 0; i < count;) {
		if (pa_signals_wait(0) == PA_SIGNAL_STOP || pa_clock_ms() >= over) {
			for (size_t j = 0; j < count; j++)
				pa_http_cancel(running[j].services->http);
			return;
		}
		if (!running[i].server || pa_server_wait(running[i].server, 50))
			i++;
	}
}

struct closing {
	struct running *running;
	size_t count;
	const char *library;
};

/* Saves the tokens that only memory has, while the database can be used (RT-06). False when some are lost. */
static bool save_tokens(const struct closing *closing, const struct running *running)
{
	const struct pa_task task = {
		.name = "save_tokens", .library = closing->library, .services = running->services, .long_running = true};
	struct pa_error error;
	int code = PA_EXIT_FINE;

	if (!running->services || pa_shared_count(running->services->shared) == 0)
		return true;
	if (pa_task_run(&task, &code, &error) < 0) {
		pa_log(PA_LOG_ERROR, running->services->name, NULL,
			"renewed tokens are lost: they could not be saved before the stop", "error", error.text, NULL);
		return false;
	}
	return code == PA_EXIT_FINE;
}

static void *close_all(void *context)
{
	const struct closing *closing = context;

	for (size_t i = 0; i < closing->count; i++) {
		struct running *running = &closing->running[i];
		if (running->jobs)
			pa_http_cancel(running->services->http); /* ends the calls out of a job that still runs */
		bool saved = save_tokens(closing, running);  /* first: a script that hangs may keep the rest from ending */
		pa_jobs_close(running->jobs);
		pa_probes_close(running->probes);
		pa_server_close(running->server);
		pa_pool_close(running->pool);
		if (saved)
			save_tokens(closing, running); /* of a job that ran meanwhile */
		if (running->services)
			pa_traffic_close(running->services->traffic);
		pa_services_close(running->services);
	}
	return NULL;
}

/* Closes all servers, which waits for their threads. The thread of a script that hangs never ends (SBX-08): then the
 * process exits after CLOSE_MS. It exits at another signal, too. A script that is only slow is waited for. */
static void close_or_exit(struct closing *closing, int code)
{
	int64_t over = pa_clock_ms() + CLOSE_MS;
	struct timespec until;
	pthread_t thread;

	if (pthread_create(&thread, NULL, close_all, closing) != 0) {
		close_all(closing);
		return;
	}
	for (;;) {
		if (pa_signals_wait(0) == PA_SIGNAL_STOP || (pa_clock_ms() >= over && pa_budget_hung() > 0))
			break;
		until = pa_clock_in(50);
		if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
			return;
	}
	pa_log(PA_LOG_ERROR, NULL, NULL, "stopped while scripts were still running", NULL);
	pa_refusal_end();
	pa_log_end();
	_exit(code);
}

/* Whether all addresses can be listened on, before anything is opened: each that cannot is told. */
static bool can_listen(const struct pa_plan *plan)
{
	struct pa_error error;
	bool can = true;

	for (size_t i = 0; i < plan->server_count; i++) {
		const struct pa_plan_server *server = &plan->servers[i];
		if (server->server.listen && pa_listen_try(server->server.listen, server->server.listen_setting, &error) < 0) {
			report(server, &error);
			can = false;
		}
		if (server->health_listen && pa_listen_try(server->health_listen, "HEALTH_LISTEN", &error) < 0) {
			report(server, &error);
			can = false;
		}
	}
	return can;
}

int pa_servers_run(struct pa_plan *plan, const char *library)
{
	struct pa_changed_file settings;
	struct pa_terminal terminal;
	struct running *running;
	struct pa_error error;
	int code = PA_EXIT_FINE;

	pa_signals_forget_children();
	pa_terminal_begin(&terminal);
	pa_changed_file_begin(&settings, plan->settings_file);
	if (pa_descriptors_divide(plan, pa_descriptors_limit(), &error) < 0) {
		pa_log_say("%s", error.text);
		return PA_EXIT_USAGE;
	}
	if (!can_listen(plan))
		return PA_EXIT_FAILED;
	running = calloc(plan->server_count, sizeof *running);
	if (!running) {
		pa_log_say("not enough memory");
		return PA_EXIT_FAILED;
	}
	for (size_t i = 0; i < plan->server_count && code == PA_EXIT_FINE; i++)
		code = start(&plan->servers[i], plan->scripts, library, &running[i]);
	pa_plan_drop_scripts(plan);
	if (code == PA_EXIT_FINE) {
		introduce(plan, running);
		announce(plan, running);
		code = wait_for_end(plan, running, &settings, &terminal);
		drain(plan->server_count, running);
	}
	close_or_exit(&(struct closing){running, plan->server_count, library}, code);
	free(running);
	pa_refusal_end();
	return pa_stats_read(PA_STAT_LEAKED) > 0 ? PA_EXIT_FAILED : code;
}
