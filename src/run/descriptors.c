#include "run/descriptors.h"

#include <sys/resource.h>

#include "run/probes.h"

enum {
	PROCESS = 64,  /* standard streams, watched folders, scripts that are read, what libraries open */
	DATABASE = 32, /* a database and its journals, over its connections */
	CALL = 3,      /* a call out: its connection, and two while its host is looked up */
	QUEUE_MIN = 16,
	QUEUE_MAX = 1024,
};

unsigned long pa_descriptors_limit(void)
{
	struct rlimit files;

	return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : RLIM_INFINITY;
}

int pa_descriptors_divide(struct pa_plan *plan, unsigned long limit, struct pa_error *error)
{
	unsigned long needed = PROCESS;

	for (size_t i = 0; i < plan->server_count; i++) {
		const struct pa_plan_server *server = &plan->servers[i];
		needed += DATABASE + server->server.workers + (unsigned long)CALL * server->services.http.calls_max;
		needed += server->traffic.database ? DATABASE : 0;
		needed += server->health_listen ? PA_PROBES_WORKERS + PA_PROBES_QUEUE : 0;
	}
	if (limit < needed + QUEUE_MIN * plan->server_count)
		return pa_error_set(error, "usage",
			"the limit of open files is %lu, and %lu are needed: raise it (ulimit -n, LimitNOFILE=) or lower WORKERS",
			limit, needed + QUEUE_MIN * plan->server_count);
	for (size_t i = 0; i < plan->server_count; i++) {
		unsigned long share = (limit - needed) / plan->server_count;
		plan->servers[i].server.queue = share < QUEUE_MAX ? (unsigned)share : QUEUE_MAX;
	}
	return 0;
}
