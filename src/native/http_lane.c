/* Lanes: the connections and transfers that one call at a time uses, and the service that owns them. */
#include "http_curl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t pa_http_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum {
	IDLE_MAX = 256,      /* lanes kept */
	IDLE_MS = 60000,     /* after which a lane that nobody needed is freed */
	CONNECTIONS_MAX = 4, /* kept by a lane */
	WAIT_MS = 10000,
};

/* Lanes */

static void push(struct lanes *lanes, struct pa_lane *lane)
{
	lane->newer = NULL;
	lane->older = lanes->newest;
	*(lanes->newest ? &lanes->newest->newer : &lanes->oldest) = lane;
	lanes->newest = lane;
	lanes->count++;
}

static void take(struct lanes *lanes, struct pa_lane *lane)
{
	*(lane->newer ? &lane->newer->older : &lanes->newest) = lane->older;
	*(lane->older ? &lane->older->newer : &lanes->oldest) = lane->newer;
	lanes->count--;
}

static void free_lane(struct pa_lane *lane)
{
	for (size_t i = 0; i < PA_LANE_TRANSFERS && lane->transfers[i]; i++)
		pa_transfer_free(lane->transfers[i]);
	curl_multi_cleanup(lane->multi);
	free(lane);
}

static struct pa_lane *new_lane(struct pa_http *http)
{
	struct pa_lane *lane = calloc(1, sizeof *lane);

	if (!lane)
		return NULL;
	lane->http = http;
	lane->multi = curl_multi_init();
	if (!lane->multi) {
		free(lane);
		return NULL;
	}
	curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	return lane;
}

/* Gives the lane as many transfers as that. */
static int widen(struct pa_lane *lane, size_t count)
{
	for (; lane->count < count; lane->count++) {
		if (!lane->transfers[lane->count])
			lane->transfers[lane->count] = pa_transfer_new(lane);
		if (!lane->transfers[lane->count])
			return -1;
	}
	return 0;
}

struct pa_lane *pa_lane_lease(struct pa_http *http, size_t count, struct pa_error *error)
{
	struct pa_lane *lane = NULL;

	pthread_mutex_lock(&http->mutex);
	bool full = http->calls_max > 0 && http->leased.count + http->making >= http->calls_max;
	if (!full && (lane = http->idle.newest)) {
		take(&http->idle, lane);
		push(&http->leased, lane);
	}
	http->making += !full && !lane;
	pthread_mutex_unlock(&http->mutex);
	if (full) {
		pa_error_set(error, "busy", "%u calls are under way already", http->calls_max);
		return NULL;
	}
	if (!lane) {
		lane = new_lane(http);
		pthread_mutex_lock(&http->mutex);
		http->making--;
		if (lane)
			push(&http->leased, lane);
		pthread_mutex_unlock(&http->mutex);
	}
	if (lane && widen(lane, count) == 0)
		return lane;
	if (lane)
		pa_lane_return(lane);
	pa_error_set(error, "http", "not enough memory");
	return NULL;
}

void pa_lane_return(struct pa_lane *lane)
{
	struct pa_http *http = lane->http;
	struct pa_lane *extra = NULL;

	for (size_t i = 0; i < lane->count; i++)
		pa_transfer_reset(lane->transfers[i]);
	lane->count = 0;
	lane->idle_since_ms = pa_http_clock();
	pthread_mutex_lock(&http->mutex);
	take(&http->leased, lane);
	push(&http->idle, lane);
	struct pa_lane *oldest = http->idle.oldest;
	if (http->idle.count > IDLE_MAX || lane->idle_since_ms - oldest->idle_since_ms > IDLE_MS) {
		take(&http->idle, oldest);
		extra = oldest;
	}
	pthread_mutex_unlock(&http->mutex);
	if (extra)
		free_lane(extra);
}

/* Running */

/* Takes note of what ended; returns how many transfers that were. *followed: whether others go on to another URL. */
static size_t finish(struct pa_lane *lane, bool *followed)
{
	CURLMsg *message;
	size_t ended = 0;
	int queued;

	*followed = false;
	while ((message = curl_multi_info_read(lane->multi, &queued))) {
		struct pa_transfer *transfer;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		transfer->result = message->data.result;
		curl_multi_remove_handle(lane->multi, transfer->easy);
		transfer->running =
			pa_transfer_follow(transfer) && curl_multi_add_handle(lane->multi, transfer->easy) == CURLM_OK;
		ended += !transfer->running;
		*followed |= transfer->running;
	}
	return ended;
}

void pa_lane_run(struct pa_lane *lane)
{
	size_t left = 0;
	bool followed;
	int running;

	for (size_t i = 0; i < lane->count; i++) {
		left += lane->transfers[i]->running;
		lane->transfers[i]->result = CURLE_ABORTED_BY_CALLBACK; /* until it ends */
	}
	while (left > 0 && !atomic_load(&lane->http->cancelled)) {
		if (curl_multi_perform(lane->multi, &running) != CURLM_OK)
			break;
		size_t ended = finish(lane, &followed);
		left -= ended;
		if (ended > 0 || followed)
			continue;
		/* A signal or pa_http_cancel ends the wait early; curl's own deadlines shorten it. */
		if (running == 0 || curl_multi_poll(lane->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
			break;
	}
}

/* The service */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int read_allowed(struct pa_http *http, const char *allow, struct pa_error *error)
{
	for (const char *at = allow + strspn(allow, " "); *at; at += strspn(at, " ")) {
		char origin[PA_ORIGIN_SIZE];
		size_t length = strcspn(at, " ");
		const char *problem = NULL;
		if (length == 1 && *at == '*')
			http->allow_all = true;
		else
			problem = pa_url_origin(at, length, origin);
		if (problem)
			return pa_error_set(error, "usage", "'%.*s' is no origin to allow: %s", (int)length, at, problem);
		if (!http->allow_all && pa_buffer_add(&http->allow, origin, strlen(origin) + 1) < 0)
			return pa_error_set(error, "http", "not enough memory");
		at += length;
	}
	return 0;
}

bool pa_http_allows(const struct pa_http *http, const char *origin)
{
	const char *end = http->allow.at + http->allow.length;

	if (http->allow_all)
		return true;
	for (const char *at = http->allow.at; at < end; at += strlen(at) + 1)
		if (strcmp(at, origin) == 0)
			return true;
	return false;
}

struct pa_http *pa_http_open(const char *allow, unsigned calls_max, struct pa_error *error)
{
	struct pa_http *http = calloc(1, sizeof *http);

	pthread_once(&library_once, start_library);
	if (!http) {
		pa_error_set(error, "http", "not enough memory");
		return NULL;
	}
	pthread_mutex_init(&http->mutex, NULL);
	http->calls_max = calls_max;
	if (read_allowed(http, allow, error) < 0) {
		pa_http_close(http);
		return NULL;
	}
	return http;
}

void pa_http_cancel(struct pa_http *http)
{
	atomic_store(&http->cancelled, true);
	pthread_mutex_lock(&http->mutex);
	for (struct pa_lane *lane = http->leased.newest; lane; lane = lane->older)
		curl_multi_wakeup(lane->multi);
	pthread_mutex_unlock(&http->mutex);
}

bool pa_http_is_cancelled(const struct pa_http *http)
{
	return atomic_load(&http->cancelled);
}

void pa_http_close(struct pa_http *http)
{
	if (!http)
		return;
	for (struct pa_lane *lane = http->idle.newest, *older; lane; lane = older) {
		older = lane->older;
		free_lane(lane);
	}
	pthread_mutex_destroy(&http->mutex);
	pa_buffer_free(&http->allow);
	free(http);
}
