/* Counters and a histogram of the whole process, for /metrics. Without locks: any thread, never raises. */
#ifndef PA_STATS_H
#define PA_STATS_H

#include <stdbool.h>
#include <stddef.h>

enum pa_stat {
	PA_STAT_REQUESTS, /* answered; the next five count them by class of status */
	PA_STAT_STATUS_1XX,
	PA_STAT_STATUS_2XX,
	PA_STAT_STATUS_3XX,
	PA_STAT_STATUS_4XX,
	PA_STAT_STATUS_5XX,
	PA_STAT_REFUSED,    /* by the gate */
	PA_STAT_OVERLOADED, /* 503: workers or VMs were busy */
	PA_STAT_EVICTED,    /* connections: see server/peers.h */
	PA_STAT_SCRIPT_ERRORS,
	PA_STAT_BUDGET_SPENT,
	PA_STAT_HUNG, /* gauge: scripts that cannot be interrupted */
	PA_STAT_RELOADS,
	PA_STAT_RELOADS_FAILED,
	PA_STAT_VMS,                /* gauge */
	PA_STAT_VMS_LEASED,         /* gauge; this and the next two are 0 while no request or job runs */
	PA_STAT_CONNECTIONS_LEASED, /* gauge: of databases */
	PA_STAT_CALLS_RUNNING,      /* gauge: calls out */
	PA_STAT_LEAKED,             /* see pa_stats_leaked */
	PA_STAT_MEMORY,             /* gauge; this and the next two are those of base/memory */
	PA_STAT_MEMORY_MAX,
	PA_STAT_MEMORY_REFUSED,
	PA_STAT_UPSTREAM_CALLS,
	PA_STAT_UPSTREAM_FAILED,
	PA_STAT_UPSTREAM_OVER_RATE, /* more than CALLS_PER_SECOND */
	PA_STAT_REFUSALS_UNLOGGED,  /* see base/refusal */
	PA_STAT_LOG_DROPPED,        /* lines: see pa_log_dropped */
	PA_STAT_TRAFFIC_DROPPED,    /* exchanges that were not stored: see traffic/queue.h */
	PA_STAT_COUNT
};

/* Adds to a counter; a gauge may go down. */
void pa_stats_add(enum pa_stat which, long amount);
long pa_stats_read(enum pa_stat which);

/* Adds a request's duration in seconds to the histogram. */
void pa_stats_observe(double seconds);

/* The name of a counter on /metrics, its meaning, and whether it is a gauge (may go down). Static. */
struct pa_stat_description {
	const char *name, *help;
	bool gauge;
};
const struct pa_stat_description *pa_stats_describe(enum pa_stat which);

/* The histogram of request durations: counts[i] requests took at most bounds[i] seconds and more than the bound before;
 * the last count is of those above all bounds. `seconds` is the sum of all durations. */
enum { PA_STATS_BOUNDS = 9 };
struct pa_stats_histogram {
	double bounds[PA_STATS_BOUNDS], seconds;
	long counts[PA_STATS_BOUNDS + 1];
};
struct pa_stats_histogram pa_stats_durations(void);

/* Reports that `count` leases of that kind were not returned before their owner closed, which is a bug: logs "leaked"
 * and counts them. Does nothing for 0. */
void pa_stats_leaked(const char *what, size_t count);

#endif
