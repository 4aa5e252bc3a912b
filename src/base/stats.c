/* Counters, and one histogram. */
#include "base/stats.h"

#include <stdatomic.h>
#include <stdio.h>

static atomic_long counters[PA_STAT_COUNT];

static const struct {
	const char *name, *kind, *help;
} described[PA_STAT_COUNT] = {
	[PA_STAT_REQUESTS] = {"requests_total", "counter", "Requests answered"},
	[PA_STAT_STATUS_1XX] = {"responses_1xx_total", "counter", "Responses with status 1xx"},
	[PA_STAT_STATUS_2XX] = {"responses_2xx_total", "counter", "Responses with status 2xx"},
	[PA_STAT_STATUS_3XX] = {"responses_3xx_total", "counter", "Responses with status 3xx"},
	[PA_STAT_STATUS_4XX] = {"responses_4xx_total", "counter", "Responses with status 4xx"},
	[PA_STAT_STATUS_5XX] = {"responses_5xx_total", "counter", "Responses with status 5xx"},
	[PA_STAT_REFUSED] = {"requests_refused_total", "counter", "Requests that the gate refused"},
	[PA_STAT_OVERLOADED] = {"requests_overloaded_total", "counter",
		"Requests answered 503 for want of a worker or a VM"},
	[PA_STAT_SCRIPT_ERRORS] = {"script_errors_total", "counter", "Requests whose script raised"},
	[PA_STAT_BUDGET_SPENT] = {"script_budget_spent_total", "counter", "Calls into Lua that spent their CPU budget"},
	[PA_STAT_HUNG] = {"scripts_hung", "gauge", "Scripts that nothing can interrupt"},
	[PA_STAT_RELOADS] = {"reloads_total", "counter", "Generations of scripts put to work"},
	[PA_STAT_RELOADS_FAILED] = {"reloads_failed_total", "counter", "Saves that did not load"},
	[PA_STAT_VMS] = {"vms", "gauge", "Lua states"},
	[PA_STAT_UPSTREAM_CALLS] = {"upstream_calls_total", "counter", "Calls out"},
	[PA_STAT_UPSTREAM_FAILED] = {"upstream_failed_total", "counter", "Calls out that got no response"},
};

static const double bounds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15};
enum { BOUNDS = sizeof bounds / sizeof *bounds };
static atomic_long buckets[BOUNDS + 1];
static _Atomic long long total_microseconds;

void pa_stats_add(enum pa_stat which, long amount)
{
	atomic_fetch_add_explicit(&counters[which], amount, memory_order_relaxed);
}

long pa_stats_read(enum pa_stat which)
{
	return atomic_load_explicit(&counters[which], memory_order_relaxed);
}

void pa_stats_observe(double seconds)
{
	size_t i = 0;

	while (i < BOUNDS && seconds > bounds[i])
		i++;
	atomic_fetch_add_explicit(&buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&total_microseconds, (long long)(seconds * 1e6), memory_order_relaxed);
}

static int add_line(struct pa_buffer *out, const char *format, const char *a, const char *b, const char *c)
{
	char line[256];
	int length = snprintf(line, sizeof line, format, a, b, c);

	return pa_buffer_add(out, line, (size_t)length);
}

static int write_histogram(struct pa_buffer *out)
{
	int failed =
		add_line(out, "# HELP partnerapp_request_seconds %s%s%s\n# TYPE partnerapp_request_seconds histogram\n",
			"Time from a request's head to its answer", "", "");
	long count = 0;
	char text[160];

	for (size_t i = 0; i <= BOUNDS; i++) {
		char bound[32] = "+Inf";
		if (i < BOUNDS)
			snprintf(bound, sizeof bound, "%g", bounds[i]);
		count += atomic_load_explicit(&buckets[i], memory_order_relaxed);
		snprintf(text, sizeof text, "%ld", count);
		failed |= add_line(out, "partnerapp_request_seconds_bucket{le=\"%s\"} %s%s\n", bound, text, "");
	}
	int length =
		snprintf(text, sizeof text, "partnerapp_request_seconds_sum %.6f\npartnerapp_request_seconds_count %ld\n",
			(double)atomic_load_explicit(&total_microseconds, memory_order_relaxed) / 1e6, count);
	return failed | pa_buffer_add(out, text, (size_t)length);
}

int pa_stats_write(struct pa_buffer *out)
{
	int failed = 0;

	for (int i = 0; i < PA_STAT_COUNT; i++) {
		char value[32];
		snprintf(value, sizeof value, "%ld", pa_stats_read((enum pa_stat)i));
		failed |= add_line(out, "# HELP partnerapp_%s %s\n%s", described[i].name, described[i].help, "");
		failed |= add_line(out, "# TYPE partnerapp_%s %s\n%s", described[i].name, described[i].kind, "");
		failed |= add_line(out, "partnerapp_%s %s\n%s", described[i].name, value, "");
	}
	return (failed | write_histogram(out)) ? -1 : 0;
}
