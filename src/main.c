/* Arguments become a plan, and the plan a task that is done or servers that run until a signal. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "servers.h"
#include "services.h"
#include "task.h"

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

/* What holds for the whole process, before the first thread: signals are taken by sigtimedwait in servers.c, files
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

/* A task runs with the scripts and services of the first server, without listening. */
static int run_task(const struct pa_plan *plan, const char *library)
{
	const struct pa_plan_server *server = &plan->servers[0];
	struct pa_error error = {0};
	int code = PA_EXIT_FAILED;

	struct pa_services *services = pa_services_open(&server->services, &error);
	const struct pa_task task = {plan->task, library, server->app, services, plan->arguments, plan->argument_count};
	if (!services || pa_task_run(&task, &code, &error) < 0)
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
		return PA_EXIT_FAILED;
	}
	if (pa_command_plan(library, argc, argv, &plan, &error) < 0) {
		fprintf(stderr, "partnerapp: %s\n", error.text);
		pa_plan_free(&plan);
		return PA_EXIT_FAILED;
	}
	pa_log_open((enum pa_log_level)plan.log_level, plan.log_people);
	int code = plan.exit_code;
	if (plan.task && plan.server_count > 0) {
		/* Setup is not ended between creating something and keeping it; its questions see the signals themselves. */
		if (strncmp(plan.task, "setup", 5) != 0)
			pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
		code = run_task(&plan, library);
	} else if (plan.server_count > 0)
		code = pa_servers_run(&plan, library, &signals);
	pa_plan_free(&plan);
	return code;
}
