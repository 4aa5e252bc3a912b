/* Runs the servers of a plan. Used by the main thread. Never raises. */
#ifndef PA_SERVERS_H
#define PA_SERVERS_H

#include "run/command.h"

/*
 * Starts all servers, prints plan->ready and runs them until SIGTERM or SIGINT; SIGHUP reloads their scripts. Then
 * requests in flight have ten seconds to end, or until another signal. Returns the exit code; errors are on standard
 * error. When a script hangs, exits the process itself.
 */
int pa_servers_run(struct pa_plan *plan, const char *library);

#endif
