/* Process-wide counters and histograms, readable without a lock. Any thread. */
#ifndef PA_STATS_H
#define PA_STATS_H

#include "base/buffer.h"

enum pa_stat {
	PA_STAT_REQUESTS, /* answered, by status class in the next five */
	PA_STAT_STATUS_1XX,
	PA_STAT_STATUS_2XX,
	PA_STAT_STATUS_3XX,
	PA_STAT_STATUS_4XX,
	PA_STAT_STATUS_5XX,
	PA_STAT_REFUSED,    /* by the gate */
	PA_STAT_OVERLOADED, /* 503 for want of a worker or a VM */
	PA_STAT_SCRIPT_ERRORS,
	PA_STAT_BUDGET_SPENT,
	PA_STAT_HUNG, /* gauge: scripts that nothing can interrupt */
	PA_STAT_RELOADS,
	PA_STAT_RELOADS_FAILED,
	PA_STAT_VMS, /* gauge */
	PA_STAT_UPSTREAM_CALLS,
	PA_STAT_UPSTREAM_FAILED,
	PA_STAT_COUNT
};

void pa_stats_add(enum pa_stat which, long amount);
long pa_stats_read(enum pa_stat which);

/* Seconds a request took, into the histogram of request durations. */
void pa_stats_observe(double seconds);

/* Appends everything as Prometheus text exposition 0.0.4. 0, or -1 when memory ran out. */
int pa_stats_write(struct pa_buffer *out);

#endif
