/*
 * A module of lua/cli/tasks, run in a VM of its own: the work of a command, or what is to be done before a server
 * serves.
 */
#ifndef PA_TASK_H
#define PA_TASK_H

#include "error.h"
#include "services.h"

struct pa_task {
	const char *name;    /* "installs" is lua/cli/tasks/installs.lua */
	const char *library; /* the folder our Lua lives in */
	const char *app;     /* the folder of the app's scripts, or NULL */
	struct pa_services *services;
	char *const *arguments;
	size_t argument_count;
};

/* 0 with the module's exit code in *code; -1 with the code "scripts" or "script" when it could not run to its end. */
int pa_task_run(const struct pa_task *task, int *code, struct pa_error *error);

#endif
