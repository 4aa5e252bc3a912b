/* libcurl, the rules for transfers, the driver and the calls of one server. */
#include "client/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "base/stats.h"
#include "client/allow.h"
#include "client/connections.h"
#include "client/driver.h"
#include "client/proxy.h"
#include "client/sessions.h"
#include "client/transfer.h"
#include "client/warm.h"

enum {
	CONNECTIONS_MAX = 256, /* that are kept, when any number of calls may run */
	WARM_MS = 10000,       /* for a connection that is made ready, and its answer */
	WARM_CONNECT_MS = 5000,
};

struct pa_http {
	struct pa_transfer_rules rules;
	struct pa_sessions *sessions;
	struct pa_http_driver *driver;
	struct pa_calls *calls;
	struct pa_warm *warm;
	unsigned per_second;
	pthread_mutex_t mutex; /* for the bucket */
	struct pa_bucket tokens;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct pa_http *pa_http_open(const struct pa_http_options *options, struct pa_error *error)
{
	struct pa_http *http = calloc(1, sizeof *http);

	pthread_once(&library_once, start_library);
	if (!http)
		goto no_memory;
	pthread_mutex_init(&http->mutex, NULL);
	http->per_second = options->per_second;
	if (pa_allow_read(&http->rules.allow, options->allow ? options->allow : "", error) < 0 ||
		pa_proxy_read(&http->rules.proxy, &options->proxy, error) < 0)
		goto failed;
	if (options->ca_file && !(http->rules.ca_file = strdup(options->ca_file)))
		goto no_memory;
	if (!(http->sessions = pa_sessions_open()))
		goto no_memory;
	http->rules.sessions = pa_sessions_share(http->sessions);
	if (!(http->rules.connections = pa_connections_new()))
		goto no_memory;
	http->driver =
		pa_http_driver_open(&http->rules, options->calls_max > 0 ? (long)options->calls_max : CONNECTIONS_MAX);
	if (!http->driver)
		goto no_memory;
	http->calls = pa_calls_open(&http->rules, http->driver, options->calls_max);
	http->warm = pa_warm_new();
	if (http->calls && http->warm)
		return http;

no_memory:
	pa_error_set(error, "http", "not enough memory");
failed:
	pa_http_close(http);
	return NULL;
}

struct pa_call *pa_http_lease(struct pa_http *http, size_t count, struct pa_error *error)
{
	return pa_call_lease(http->calls, count, error);
}

int pa_http_admit(struct pa_http *http, struct pa_error *error)
{
	if (http->per_second == 0)
		return 0;
	pthread_mutex_lock(&http->mutex);
	double wait = pa_bucket_take(&http->tokens, http->per_second, http->per_second, pa_clock_ms());
	pthread_mutex_unlock(&http->mutex);
	if (wait <= 0)
		return 0;
	pa_stats_add(PA_STAT_UPSTREAM_OVER_RATE, 1);
	return pa_error_set(error, "busy",
		"more than %u calls out in a second, which CALLS_PER_SECOND allows: try again later", http->per_second);
}

void pa_http_warm(struct pa_http *http, const char *origin)
{
	struct pa_error ignored;

	if (!pa_warm_take(http->warm, origin, pa_clock_ms()) || pa_http_admit(http, &ignored) < 0)
		return;
	struct pa_call *call = pa_call_lease(http->calls, 1, &ignored);
	if (!call)
		return;
	snprintf(pa_call_url(call), PA_CALL_URL_SIZE, "%s/", origin);
	const struct pa_transfer_options options = {.url = pa_text_span(pa_call_url(call)),
		.method = pa_text_span("HEAD"),
		.timeout_ms = WARM_MS,
		.connect_ms = WARM_CONNECT_MS};
	if (pa_transfer_prepare(pa_call_transfer(call, 0), &options, &ignored) < 0)
		pa_call_return(call);
	else
		pa_call_run_alone(call);
}

void pa_http_cancel(struct pa_http *http)
{
	atomic_store(&http->rules.cancelled, true);
	pa_http_driver_cancel(http->driver);
}

bool pa_http_is_cancelled(const struct pa_http *http)
{
	return atomic_load(&http->rules.cancelled);
}

void pa_http_close(struct pa_http *http)
{
	if (!http)
		return;
	pa_http_driver_close(http->driver);
	pa_calls_close(http->calls);
	pa_warm_free(http->warm);
	pa_connections_free(http->rules.connections);
	pa_sessions_close(http->sessions);
	pa_allow_free(&http->rules.allow);
	pa_proxy_free(&http->rules.proxy);
	free(http->rules.ca_file);
	pthread_mutex_destroy(&http->mutex);
	free(http);
}
