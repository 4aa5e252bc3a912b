/*
 * The command line: runs lua/cli in a VM of its own and reads the plan that it returns, for main to carry out. Used by
 * the main thread. Never raises.
 */
#ifndef PA_COMMAND_H
#define PA_COMMAND_H

#include "base/error.h"
#include "base/line.h"
#include "run/services.h"
#include "script/snapshot.h"
#include "server/server.h"
#include "traffic/traffic.h"

/* One server of a plan. The plan owns the strings. Without server.listen it only answers what another one asks: it has
 * no requests and no jobs. */
struct pa_plan_server {
	struct pa_services_options services;
	struct pa_server_options server;   /* without handler and context */
	char *app;                         /* the folder of its scripts */
	char *entry;                       /* the module that answers requests, or NULL: see script/pool.h */
	char *health_listen;               /* HEALTH_LISTEN, or NULL */
	struct pa_traffic_options traffic; /* without a database: exchanges are not kept */
	char *asks;                        /* the name of a server after this one that its scripts may ask, or NULL */
	bool watch;                        /* reload when they change */
	bool development;                  /* pages show why they do not load */
	bool requires;                     /* the app may require settings of its own: look before it is served */
};

/* What a command is to do: only exit with a code; run servers until a signal; or run a task with the scripts and
 * services of the first server, without listening. */
struct pa_plan {
	int exit_code;
	struct pa_plan_server *servers;
	size_t server_count;
	char *task;       /* a module of lua/cli to run with the first server's scripts and services, or NULL */
	char **arguments; /* for the task */
	size_t argument_count;
	size_t memory_max;   /* SCRIPT_MEMORY in bytes, for pa_memory_limit */
	bool long_running;   /* the task may use ten minutes of CPU */
	bool watch;          /* the task runs again when the app's scripts change, until a signal */
	bool keeps_signals;  /* signals stay blocked: the task reads them itself */
	char *settings_file; /* .env, whose changes are logged while servers run; or NULL */
	char *ready;         /* to print on standard output when all servers listen; {port:NAME} is a server's port */
	int log_level;       /* enum pa_log_level */
	enum pa_line_form log_form;
	bool log_requests;           /* see pa_log_show_requests */
	struct pa_snapshot *scripts; /* that made the plan: lua/cli and the library; NULL when they were let go */
};

/* Makes the plan of a command. 0; or -1 with code "scripts" or "command" when lua/cli is missing or raises. The caller
 * frees the plan in both cases. */
int pa_command_plan(const char *library, int argc, char **argv, struct pa_plan *plan, struct pa_error *error);

/* Lets go of the plan's scripts, some MiB of memory. */
void pa_plan_drop_scripts(struct pa_plan *plan);

/* Frees what the plan owns; secrets are wiped. */
void pa_plan_free(struct pa_plan *plan);

#endif
