/* The servers of a plan, from their start to the signal that ends them. */
#ifndef PA_SERVERS_H
#define PA_SERVERS_H

#include <signal.h>

#include "run/command.h"

/*
 * Starts them all, prints that they are ready and runs them until SIGTERM or SIGINT; SIGHUP reloads their scripts. Then
 * requests in flight may finish: for ten seconds, or until another signal. `signals` are these three, blocked in every
 * thread. The exit code; what went wrong is on standard error. May end the process itself, when a script hangs.
 */
int pa_servers_run(const struct pa_plan *plan, const char *library, const sigset_t *signals);

#endif
