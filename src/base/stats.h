/* Process-wide counters and histograms, readable without a lock. Any thread. */
#ifndef PA_STATS_H
#define PA_STATS_H

#include <stdbool.h>
#include <stddef.h>

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
	PA_STAT_VMS,                /* gauge */
	PA_STAT_VMS_LEASED,         /* gauge; this and the next two are 0 when nothing is under way */
	PA_STAT_CONNECTIONS_LEASED, /* gauge: of databases */
	PA_STAT_LANES_LEASED,       /* gauge: of calls out */
	PA_STAT_LEAKED,             /* what was still borrowed when its owner closed */
	PA_STAT_UPSTREAM_CALLS,
	PA_STAT_UPSTREAM_FAILED,
	PA_STAT_COUNT
};

void pa_stats_add(enum pa_stat which, long amount);
long pa_stats_read(enum pa_stat which);

/* Seconds a request took, into the histogram of request durations. */
void pa_stats_observe(double seconds);

/* How a counter is called on /metrics, what it means, and whether it is a gauge, which goes down too. Static. */
struct pa_stat_description {
	const char *name, *help;
	bool gauge;
};
const struct pa_stat_description *pa_stats_describe(enum pa_stat which);

/* The histogram of request durations: how many requests took at most bounds[i] seconds and more than the bound before,
 * the last count those beyond every bound. */
enum { PA_STATS_BOUNDS = 9 };
struct pa_stats_histogram {
	double bounds[PA_STATS_BOUNDS], seconds;
	long counts[PA_STATS_BOUNDS + 1];
};
struct pa_stats_histogram pa_stats_durations(void);

/* Says that `count` things of that name were still borrowed when their owner closed: a bug, logged as "leaked". Does
 * nothing for 0. */
void pa_stats_leaked(const char *what, size_t count);

#endif
