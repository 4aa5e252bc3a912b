/* libcurl, the allowed origins and the lanes of one server. */
#include "client/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "client/allow.h"

struct pa_http {
	struct pa_allow allow;
	struct pa_lanes *lanes;
	atomic_bool cancelled;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct pa_http *pa_http_open(const char *allow, unsigned calls_max, struct pa_error *error)
{
	struct pa_http *http = calloc(1, sizeof *http);

	pthread_once(&library_once, start_library);
	if (!http) {
		pa_error_set(error, "http", "not enough memory");
		return NULL;
	}
	if (pa_allow_read(&http->allow, allow, error) < 0)
		goto failed;
	http->lanes = pa_lanes_open(&http->allow, &http->cancelled, calls_max);
	if (!http->lanes) {
		pa_error_set(error, "http", "not enough memory");
		goto failed;
	}
	return http;

failed:
	pa_http_close(http);
	return NULL;
}

struct pa_lane *pa_http_lease(struct pa_http *http, size_t count, struct pa_error *error)
{
	return pa_lane_lease(http->lanes, count, error);
}

void pa_http_cancel(struct pa_http *http)
{
	atomic_store(&http->cancelled, true);
	pa_lanes_wake(http->lanes);
}

bool pa_http_is_cancelled(const struct pa_http *http)
{
	return atomic_load(&http->cancelled);
}

void pa_http_close(struct pa_http *http)
{
	if (!http)
		return;
	pa_lanes_close(http->lanes);
	pa_allow_free(&http->allow);
	free(http);
}
