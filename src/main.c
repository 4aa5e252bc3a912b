/* Arguments become a plan, a plan becomes servers, and they run until a signal. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "budget.h"
#include "command.h"
#include "jobs.h"
#include "log.h"
#include "native/http.h"
#include "pool.h"
#include "server.h"
#include "services.h"
#include "vm.h"

enum { EXIT_FINE, EXIT_FAILED, EXIT_USAGE };
enum { DRAIN_SECONDS = 10, CLOSE_SECONDS = 3, TASK_CPU_MS = 5000, LONG_CPU_MS = 600000 };

/* One planned server, running. */
struct running {
	struct pa_services *services;
	struct pa_pool *pool;
	struct pa_server *server;
	struct pa_jobs *jobs;
};

/* The folder our Lua lives in: beside a build tree, or where cmake --install puts it. */
static int find_library(char *found, size_t size)
{
	static const char *const places[] = {"/../share/partnerapp", "/../../lua"};
	char self[PATH_MAX], probe[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length < 0)
		return -1;
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char resolved[PATH_MAX];
		snprintf(probe, sizeof probe, "%s%s/partnerapp/init.lua", self, places[i]);
		if (access(probe, R_OK) != 0)
			continue;
		snprintf(probe, sizeof probe, "%s%s", self, places[i]);
		if (!realpath(probe, resolved))
			continue;
		return snprintf(found, size, "%s", resolved) < (int)size ? 0 : -1;
	}
	return -1;
}

/* What holds for the whole process, before the first thread: signals are taken by sigtimedwait in wait_for_end, files
 * are ours alone, memory with secrets is never dumped. */
static sigset_t prepare_process(void)
{
	struct rlimit files, no_core = {0, 0};
	sigset_t signals;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the database */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
	return signals;
}

/* What goes through all tests, or all that is stored, may take long; what runs a partner's action may not. */
static unsigned cpu_ms_of(const char *task)
{
	static const char *const long_ones[] = {"test", "installs", "keys", "schema", NULL};

	for (size_t i = 0; long_ones[i]; i++)
		if (strcmp(task, long_ones[i]) == 0)
			return LONG_CPU_MS;
	return TASK_CPU_MS;
}

/* Runs a module of lua/cli/tasks with a server's scripts and services, and the plan's arguments. 0, or -1 with *error.
 */
static int run_script(const struct pa_plan_server *server, struct pa_services *services, const char *library,
	const char *task, const struct pa_plan *plan, int *code, struct pa_error *error)
{
	char partnerapp[PATH_MAX + 16], cli[PATH_MAX + 16], entry[64];
	struct pa_fault fault = {0};
	int result = -1;

	snprintf(partnerapp, sizeof partnerapp, "%s/partnerapp", library);
	snprintf(cli, sizeof cli, "%s/cli", library);
	snprintf(entry, sizeof entry, "cli.tasks.%s", task);
	const char *const folders[PA_SCRIPTS_KINDS] = {server->app, partnerapp, cli};
	struct pa_scripts *scripts = pa_scripts_read(folders, error);
	if (!scripts)
		return -1;
	struct pa_vm *vm = pa_vm_new(
		&(struct pa_vm_options){
			.scripts = scripts, .services = services, .entry = entry, .privileged = true, .cpu_ms = cpu_ms_of(task)},
		&fault);
	if (vm)
		result = pa_vm_run(vm, plan->arguments, plan->argument_count, code, &fault);
	if (result < 0)
		pa_error_set(error, "script", "%s", fault.message ? fault.message : "not enough memory");
	pa_vm_free(vm);
	pa_fault_free(&fault);
	pa_scripts_release(scripts);
	return result;
}

static int open_pool(
	const struct pa_plan_server *plan, const char *library, struct running *running, struct pa_error *error)
{
	char folder[PATH_MAX + 16];

	snprintf(folder, sizeof folder, "%s/partnerapp", library);
	running->pool = pa_pool_open(
		&(struct pa_pool_options){
			.name = plan->services.name,
			.folders = {[PA_SCRIPTS_APP] = plan->app, [PA_SCRIPTS_LIBRARY] = folder},
			.services = running->services,
			.vms_max = plan->workers,
			.watch = plan->watch,
		},
		error);
	return running->pool ? 0 : -1;
}

static int open_server(const struct pa_plan_server *plan, struct running *running, struct pa_error *error)
{
	running->server = pa_server_open(
		&(struct pa_server_options){
			.name = plan->services.name,
			.listen = plan->listen,
			.workers = plan->workers,
			.hosts = (const char *const *)plan->hosts,
			.host_count = plan->host_count,
			.https = plan->https,
			.spoils = plan->spoils,
			.body_max = plan->body_max,
			.handle = pa_pool_handle,
			.context = running->pool,
		},
		error);
	return running->server ? 0 : -1;
}

static int start(const struct pa_plan *plan, const struct pa_plan_server *server, const char *library,
	struct running *running, struct pa_error *error)
{
	int ignored;

	running->services = pa_services_open(&server->services, error);
	if (!running->services || run_script(server, running->services, library, "schema", plan, &ignored, error) < 0 ||
		open_pool(server, library, running, error) < 0)
		return -1;
	if (open_server(server, running, error) < 0)
		return -1;
	running->jobs = pa_jobs_open(running->pool, running->services, error);
	return running->jobs ? 0 : -1;
}

/* Prints the plan's `ready` text with {port:NAME} replaced. */
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

/* Scripts that nothing can interrupt hold their workers for good; past a quarter of them only a new process helps. */
static bool too_many_hang(const struct pa_plan *plan)
{
	unsigned workers = 0;

	for (size_t i = 0; i < plan->server_count; i++)
		workers += plan->servers[i].workers;
	return pa_budget_hung() * 4 >= workers;
}

/* Until a signal that ends the process. The exit code. */
static int wait_for_end(const sigset_t *signals, const struct pa_plan *plan, struct running *running)
{
	for (;;) {
		int got = sigtimedwait(signals, NULL, &(struct timespec){.tv_sec = 1});
		if (got == SIGTERM || got == SIGINT)
			return EXIT_FINE;
		if (got == SIGHUP)
			for (size_t i = 0; i < plan->server_count; i++)
				pa_pool_reload(running[i].pool);
		if (too_many_hang(plan)) {
			pa_log(PA_LOG_ERROR, NULL, NULL, "a quarter of the workers hang in scripts: stopping", NULL);
			return EXIT_FAILED;
		}
	}
}

/* Lets requests in flight finish, up to DRAIN_SECONDS or a second signal. */
static void drain(const sigset_t *signals, size_t count, struct running *running)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (size_t i = 0; i < count; i++) {
		pa_jobs_stop(running[i].jobs);
		pa_server_drain(running[i].server);
	}
	for (size_t i = 0; i < count;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		int got = sigtimedwait(signals, NULL, &(struct timespec){0});
		if (got == SIGTERM || got == SIGINT || now.tv_sec - begun.tv_sec >= DRAIN_SECONDS) {
			for (size_t j = 0; j < count; j++)
				pa_http_cancel(running[j].services->http);
			return;
		}
		if (pa_server_wait(running[i].server, 50))
			i++;
	}
}

/* What run_servers started, in part or whole. */
struct closing {
	struct running *running;
	size_t count;
};

static void *close_all(void *context)
{
	const struct closing *closing = context;

	for (size_t i = 0; i < closing->count; i++) {
		struct running *running = &closing->running[i];
		if (running->jobs)
			pa_http_cancel(running->services->http); /* the job that still runs has had its time */
		pa_jobs_close(running->jobs);
		pa_server_close(running->server);
		pa_pool_close(running->pool);
		pa_services_close(running->services);
	}
	return NULL;
}

/* Closing waits for every thread, and one that hangs in a script never comes (SBX-08): the process then ends without
 * it, after CLOSE_SECONDS or at another signal. What only takes its time is waited for. */
static void close_or_exit(const sigset_t *signals, struct closing *closing, int code)
{
	struct timespec begun, now, until;
	pthread_t thread;

	if (pthread_create(&thread, NULL, close_all, closing) != 0) {
		close_all(closing);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		int got = sigtimedwait(signals, NULL, &(struct timespec){0});
		if (got == SIGTERM || got == SIGINT || (now.tv_sec - begun.tv_sec > CLOSE_SECONDS && pa_budget_hung() > 0))
			break;
		until = (struct timespec){now.tv_sec, now.tv_nsec + 50000000};
		if (until.tv_nsec >= 1000000000)
			until = (struct timespec){until.tv_sec + 1, until.tv_nsec - 1000000000};
		if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
			return;
	}
	pa_log(PA_LOG_ERROR, NULL, NULL, "stopped without the scripts that still run", NULL);
	_exit(code);
}

static int run_servers(const struct pa_plan *plan, const char *library, const sigset_t *signals)
{
	struct running *running = calloc(plan->server_count, sizeof *running);
	struct pa_error error = {0};
	int code = EXIT_FAILED;
	size_t started = 0;

	if (!running)
		return EXIT_FAILED;
	for (; started < plan->server_count; started++)
		if (start(plan, &plan->servers[started], library, &running[started], &error) < 0)
			break;
	if (started < plan->server_count) {
		fprintf(stderr, "partnerapp: %s: %s\n", plan->servers[started].services.name, error.text);
		code = strcmp(error.code, "usage") == 0 || strcmp(error.code, "key") == 0 ? EXIT_USAGE : EXIT_FAILED;
	} else {
		announce(plan, running);
		code = wait_for_end(signals, plan, running);
		drain(signals, plan->server_count, running);
	}
	close_or_exit(signals, &(struct closing){running, plan->server_count}, code);
	free(running);
	return code;
}

/* A task runs with the services of the first server, without listening. */
static int run_task(const struct pa_plan *plan, const char *library)
{
	const struct pa_plan_server *server = &plan->servers[0];
	struct pa_error error = {0};
	int code = EXIT_FAILED;

	struct pa_services *services = pa_services_open(&server->services, &error);
	if (!services || run_script(server, services, library, plan->task, plan, &code, &error) < 0)
		fprintf(stderr, "partnerapp: %s\n", error.text);
	pa_services_close(services);
	return code;
}

int main(int argc, char **argv)
{
	sigset_t signals = prepare_process();
	struct pa_error error = {0};
	char library[PATH_MAX];
	struct pa_plan plan;

	pa_log_open(PA_LOG_WARN, true);
	if (find_library(library, sizeof library) < 0) {
		fprintf(
			stderr, "partnerapp: cannot find its Lua: neither ../share/partnerapp nor ../../lua beside the program\n");
		return EXIT_FAILED;
	}
	if (pa_command_plan(library, argc, argv, &plan, &error) < 0) {
		fprintf(stderr, "partnerapp: %s\n", error.text);
		pa_plan_free(&plan);
		return EXIT_FAILED;
	}
	pa_log_open((enum pa_log_level)plan.log_level, plan.log_people);
	int code = plan.exit_code;
	if (plan.task && plan.server_count > 0) {
		/* Setup is not ended between creating something and keeping it; its questions see the signals themselves. */
		if (strncmp(plan.task, "setup", 5) != 0)
			pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
		code = run_task(&plan, library);
	} else if (plan.server_count > 0)
		code = run_servers(&plan, library, &signals);
	pa_plan_free(&plan);
	return code;
}
