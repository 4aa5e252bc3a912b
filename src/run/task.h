/* Tasks: modules of lua/cli that do the work of a command, or prepare a server. Any thread. Never raises. */
#ifndef PA_TASK_H
#define PA_TASK_H

#include "base/error.h"
#include "run/command.h"

struct pa_task {
	const char *name;    /* "setup.app" is lua/cli/setup/app.lua */
	const char *library; /* the folder of the Lua files: pa_process_find_library */
	const char *app;     /* the folder of the app's scripts, or NULL */
	/* The scripts of `library`, when they were read just now; NULL: they are read again. Borrowed. */
	struct pa_snapshot *scripts;
	struct pa_services *services;
	char *const *arguments;
	size_t argument_count;
	bool long_running; /* may use ten minutes of CPU instead of five seconds */
};

/* Calls the module's run(arguments). 0 with its exit code in *code; -1 with code "scripts" (not readable) or "script"
 * (it raised). */
int pa_task_run(const struct pa_task *task, int *code, struct pa_error *error);

/* Runs the task of a plan with the scripts and services of its first server. Returns the exit code; errors are on
 * standard error. From now on a signal ends the process, unless plan->keeps_signals. */
int pa_task_run_plan(const struct pa_plan *plan, const char *library);

#endif
