/*
 * The command line: runs lua/cli in a VM of its own and reads what it asks to be run. Lua decides, main does.
 */
#ifndef PA_COMMAND_H
#define PA_COMMAND_H

#include "base/error.h"
#include "run/services.h"
#include "script/snapshot.h"

#include <stdbool.h>

/* One server that a command asks for. */
struct pa_plan_server {
	struct pa_services_options services; /* services.name is the server's name too */
	char *app;                           /* the folder of its scripts */
	char *listen;
	char **hosts; /* for the Host header; none: any */
	size_t host_count;
	unsigned workers;
	bool https, watch, faults;
	size_t body_max; /* bytes; 0: the default */
};

/* What a command asks for: an exit code alone, servers to run until a signal, or a task to run in the first server's
 * place, without listening. */
struct pa_plan {
	int exit_code;
	struct pa_plan_server *servers;
	size_t server_count;
	char *task;       /* a module of lua/cli/tasks to run with the first server's scripts and services, or NULL */
	char **arguments; /* for the task */
	size_t argument_count;
	char *ready;   /* to print on standard output once all servers listen; {port:NAME} is a server's port */
	int log_level; /* enum pa_log_level */
	bool log_people;
};

/* Runs the command. 0 with a plan; -1 when it could not even be asked (its scripts are missing or broken). */
int pa_command_plan(const char *library, int argc, char **argv, struct pa_plan *plan, struct pa_error *error);
void pa_plan_free(struct pa_plan *plan);

#endif
