/*
 * The command line: runs lua/cli in a VM of its own and reads the plan that it returns. Lua decides, main does.
 */
#ifndef PA_COMMAND_H
#define PA_COMMAND_H

#include "base/error.h"
#include "run/services.h"
#include "server/server.h"

/* One server that a command asks for. The strings are the plan's. */
struct pa_plan_server {
	struct pa_services_options services;
	struct pa_server_options server; /* without handler and context */
	char *app;                       /* the folder of its scripts */
	bool watch;                      /* reload when they change */
};

/* What a command asks for: an exit code alone, servers to run until a signal, or a task to run in the first server's
 * place, without listening. */
struct pa_plan {
	int exit_code;
	struct pa_plan_server *servers;
	size_t server_count;
	char *task;       /* a module of lua/cli to run with the first server's scripts and services, or NULL */
	char **arguments; /* for the task */
	size_t argument_count;
	bool long_running;  /* the task may use ten minutes of CPU */
	bool keeps_signals; /* the task reads signals itself: none ends the process meanwhile */
	char *ready;        /* to print on standard output once all servers listen; {port:NAME} is a server's port */
	int log_level;      /* enum pa_log_level */
	bool log_people;
};

/* Runs the command. 0 with a plan; -1 when it could not even be asked (its scripts are missing or broken). */
int pa_command_plan(const char *library, int argc, char **argv, struct pa_plan *plan, struct pa_error *error);
void pa_plan_free(struct pa_plan *plan);

#endif
