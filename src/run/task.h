/* A module of lua/cli, run in a VM of its own: the work of a command, or what must be done before a server serves. */
#ifndef PA_TASK_H
#define PA_TASK_H

#include <signal.h>

#include "base/error.h"
#include "run/command.h"

struct pa_task {
	const char *name;    /* "setup.app" is lua/cli/setup/app.lua */
	const char *library; /* the folder our Lua lives in */
	const char *app;     /* the folder of the app's scripts, or NULL */
	struct pa_services *services;
	char *const *arguments;
	size_t argument_count;
	bool long_running; /* may use ten minutes of CPU instead of five seconds */
};

/* 0 with the module's exit code in *code; -1 with the code "scripts" or "script" when it could not run to its end. */
int pa_task_run(const struct pa_task *task, int *code, struct pa_error *error);

/* Runs a plan's task with the scripts and services of its first server, without listening. The exit code; what went
 * wrong is on standard error. `signals` are those that pa_process_prepare blocked. */
int pa_task_run_plan(const struct pa_plan *plan, const char *library, const sigset_t *signals);

#endif
