/* Divides the descriptors that the process may have open (RLIMIT_NOFILE) among the servers of a plan: without a
 * descriptor neither a connection, a call out nor a file of the database can be opened. Used by the main thread. Never
 * raises. */
#ifndef PA_DESCRIPTORS_H
#define PA_DESCRIPTORS_H

#include "run/command.h"

/* Sets server.queue of each server of the plan: how many connections may wait for a worker. 0, or -1 with code "usage"
 * when the limit is too low: the message has the number that is needed. */
int pa_descriptors_divide(struct pa_plan *plan, unsigned long limit, struct pa_error *error);

/* The limit of this process. */
unsigned long pa_descriptors_limit(void);

#endif
