/* Atomic counters and one histogram. */
#include "base/stats.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static atomic_long counters[PA_STAT_COUNT];

static const struct pa_stat_description described[PA_STAT_COUNT] = {
	[PA_STAT_REQUESTS] = {"requests_total", "Requests answered", false},
	[PA_STAT_STATUS_1XX] = {"responses_1xx_total", "Responses with status 1xx", false},
	[PA_STAT_STATUS_2XX] = {"responses_2xx_total", "Responses with status 2xx", false},
	[PA_STAT_STATUS_3XX] = {"responses_3xx_total", "Responses with status 3xx", false},
	[PA_STAT_STATUS_4XX] = {"responses_4xx_total", "Responses with status 4xx", false},
	[PA_STAT_STATUS_5XX] = {"responses_5xx_total", "Responses with status 5xx", false},
	[PA_STAT_REFUSED] = {"requests_refused_total", "Requests that the gate refused", false},
	[PA_STAT_OVERLOADED] = {"requests_overloaded_total", "Requests answered 503 because workers or VMs were busy",
		false},
	[PA_STAT_EVICTED] = {"connections_evicted_total",
		"Connections without a whole request, closed because workers were short", false},
	[PA_STAT_SCRIPT_ERRORS] = {"script_errors_total", "Requests and jobs whose script raised", false},
	[PA_STAT_BUDGET_SPENT] = {"script_budget_spent_total", "Calls into Lua that spent their CPU budget", false},
	[PA_STAT_HUNG] = {"scripts_hung", "Scripts that hang in a C function and cannot be interrupted", true},
	[PA_STAT_RELOADS] = {"reloads_total", "Reloads of the scripts", false},
	[PA_STAT_RELOADS_FAILED] = {"reloads_failed_total", "Reloads that failed: the scripts did not load", false},
	[PA_STAT_VMS] = {"vms", "Lua states", true},
	[PA_STAT_VMS_LEASED] = {"vms_leased", "Lua states in use", true},
	[PA_STAT_CONNECTIONS_LEASED] = {"database_connections_leased", "Database connections in use", true},
	[PA_STAT_CALLS_RUNNING] = {"upstream_calls_running", "Calls out that are running", true},
	[PA_STAT_LEAKED] = {"leaked_total", "VMs, connections and calls out that were not returned", false},
	[PA_STAT_MEMORY] = {"script_memory_bytes", "Memory of scripts and bodies", true},
	[PA_STAT_MEMORY_MAX] = {"script_memory_max_bytes", "SCRIPT_MEMORY, the limit of that memory; 0 is none", true},
	[PA_STAT_MEMORY_REFUSED] = {"script_memory_refused_total", "Times that more than SCRIPT_MEMORY was wanted", false},
	[PA_STAT_UPSTREAM_CALLS] = {"upstream_calls_total", "Calls out", false},
	[PA_STAT_UPSTREAM_FAILED] = {"upstream_failed_total", "Calls out that got no answer", false},
	[PA_STAT_UPSTREAM_OVER_RATE] = {"upstream_over_rate_total", "Calls out that CALLS_PER_SECOND did not allow", false},
	[PA_STAT_REFUSALS_UNLOGGED] = {"refusals_unlogged_total", "Refused requests that were too many to log", false},
	[PA_STAT_LOG_DROPPED] = {"log_lines_dropped_total", "Log lines that standard error did not take in time", false},
	[PA_STAT_TRAFFIC_DROPPED] = {"traffic_dropped_total", "Exchanges that were not stored: too many at once", false},
};

static const double bounds[PA_STATS_BOUNDS] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15};
static atomic_long buckets[PA_STATS_BOUNDS + 1];
static _Atomic long long total_microseconds;

void pa_stats_add(enum pa_stat which, long amount)
{
	atomic_fetch_add_explicit(&counters[which], amount, memory_order_relaxed);
}

long pa_stats_read(enum pa_stat which)
{
	if (which == PA_STAT_LOG_DROPPED)
		return (long)pa_log_dropped();
	return atomic_load_explicit(&counters[which], memory_order_relaxed);
}

void pa_stats_observe(double seconds)
{
	size_t i = 0;

	while (i < PA_STATS_BOUNDS && seconds > bounds[i])
		i++;
	atomic_fetch_add_explicit(&buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&total_microseconds, (long long)(seconds * 1e6), memory_order_relaxed);
}

const struct pa_stat_description *pa_stats_describe(enum pa_stat which)
{
	return &described[which];
}

struct pa_stats_histogram pa_stats_durations(void)
{
	struct pa_stats_histogram histogram;

	memcpy(histogram.bounds, bounds, sizeof bounds);
	for (size_t i = 0; i <= PA_STATS_BOUNDS; i++)
		histogram.counts[i] = atomic_load_explicit(&buckets[i], memory_order_relaxed);
	histogram.seconds = (double)atomic_load_explicit(&total_microseconds, memory_order_relaxed) / 1e6;
	return histogram;
}

void pa_stats_leaked(const char *what, size_t count)
{
	char text[PA_RECORD_NUMBER_MAX];
	const struct pa_log_field fields[] = {
		{"what", what, strlen(what), false}, pa_record_number("count", text, "%zu", count)};

	if (count == 0)
		return;
	pa_stats_add(PA_STAT_LEAKED, (long)count);
	pa_log_fields(PA_LOG_ERROR, NULL, NULL, "leaked", strlen("leaked"), fields, 2);
}
