/* A lane is a curl multi handle with its connections, and up to 16 easy handles, all used for many calls. */
#include "client/lane.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stats.h"

enum {
	IDLE_MAX = 256,      /* idle lanes that are kept */
	IDLE_MS = 60000,     /* a lane that was idle for longer is freed */
	CONNECTIONS_MAX = 4, /* idle connections that a lane keeps */
	WAIT_MS = 10000,     /* in one poll; curl's own deadlines end it earlier */
};

struct pa_lane {
	struct pa_lanes *lanes;
	CURLM *multi;
	size_t count;                                     /* transfers of the current lease */
	struct pa_transfer *transfers[PA_LANE_TRANSFERS]; /* made when first needed */
	int64_t idle_since_ms;
	struct pa_lane *newer, *older;
};

struct list {
	struct pa_lane *newest, *oldest;
	size_t count;
};

struct pa_lanes {
	const struct pa_transfer_rules *rules;
	unsigned leased_max;
	pthread_mutex_t mutex; /* for all that follows */
	struct list idle, leased;
	size_t making; /* lanes that are being made, to be leased */
};

static void push(struct list *list, struct pa_lane *lane)
{
	lane->newer = NULL;
	lane->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = lane;
	list->newest = lane;
	list->count++;
}

static void take_out(struct list *list, struct pa_lane *lane)
{
	*(lane->newer ? &lane->newer->older : &list->newest) = lane->older;
	*(lane->older ? &lane->older->newer : &list->oldest) = lane->newer;
	list->count--;
}

/* Making and freeing */

static void free_lane(struct pa_lane *lane)
{
	for (size_t i = 0; i < PA_LANE_TRANSFERS && lane->transfers[i]; i++)
		pa_transfer_free(lane->transfers[i]);
	curl_multi_cleanup(lane->multi);
	free(lane);
}

static struct pa_lane *new_lane(struct pa_lanes *lanes)
{
	struct pa_lane *lane = calloc(1, sizeof *lane);

	if (!lane)
		return NULL;
	lane->lanes = lanes;
	lane->multi = curl_multi_init();
	if (!lane->multi) {
		free(lane);
		return NULL;
	}
	curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	return lane;
}

struct pa_lanes *pa_lanes_open(const struct pa_transfer_rules *rules, unsigned leased_max)
{
	struct pa_lanes *lanes = calloc(1, sizeof *lanes);

	if (!lanes)
		return NULL;
	lanes->rules = rules;
	lanes->leased_max = leased_max;
	pthread_mutex_init(&lanes->mutex, NULL);
	return lanes;
}

void pa_lanes_close(struct pa_lanes *lanes)
{
	if (!lanes)
		return;
	pa_stats_leaked("lanes of calls out", lanes->leased.count);
	for (struct pa_lane *lane = lanes->idle.newest, *older; lane; lane = older) {
		older = lane->older;
		free_lane(lane);
	}
	pthread_mutex_destroy(&lanes->mutex);
	free(lanes);
}

/* Leasing */

/* Makes the lane have `count` transfers. 0, or -1 without memory. */
static int widen(struct pa_lane *lane, size_t count)
{
	for (; lane->count < count; lane->count++) {
		if (!lane->transfers[lane->count])
			lane->transfers[lane->count] = pa_transfer_new(lane->lanes->rules);
		if (!lane->transfers[lane->count])
			return -1;
	}
	return 0;
}

struct pa_lane *pa_lane_lease(struct pa_lanes *lanes, size_t count, struct pa_error *error)
{
	struct pa_lane *lane = NULL;

	pthread_mutex_lock(&lanes->mutex);
	bool full = lanes->leased_max > 0 && lanes->leased.count + lanes->making >= lanes->leased_max;
	if (!full && (lane = lanes->idle.newest)) {
		take_out(&lanes->idle, lane);
		push(&lanes->leased, lane);
	}
	lanes->making += !full && !lane;
	pthread_mutex_unlock(&lanes->mutex);
	if (full) {
		pa_error_set(error, "busy", "%u calls out are running already: try again later", lanes->leased_max);
		return NULL;
	}
	if (!lane) {
		lane = new_lane(lanes);
		pthread_mutex_lock(&lanes->mutex);
		lanes->making--;
		if (lane)
			push(&lanes->leased, lane);
		pthread_mutex_unlock(&lanes->mutex);
	}
	if (lane)
		pa_stats_add(PA_STAT_LANES_LEASED, 1);
	if (lane && widen(lane, count) == 0)
		return lane;
	if (lane)
		pa_lane_return(lane);
	pa_error_set(error, "http", "not enough memory");
	return NULL;
}

void pa_lane_return(struct pa_lane *lane)
{
	struct pa_lanes *lanes = lane->lanes;
	struct pa_lane *extra = NULL;

	for (size_t i = 0; i < lane->count; i++) {
		if (pa_transfer_is_prepared(lane->transfers[i]))
			curl_multi_remove_handle(lane->multi, pa_transfer_easy(lane->transfers[i]));
		pa_transfer_reset(lane->transfers[i]);
	}
	lane->count = 0;
	pa_stats_add(PA_STAT_LANES_LEASED, -1);
	lane->idle_since_ms = pa_clock_ms();
	pthread_mutex_lock(&lanes->mutex);
	take_out(&lanes->leased, lane);
	push(&lanes->idle, lane);
	struct pa_lane *oldest = lanes->idle.oldest;
	if (lanes->idle.count > IDLE_MAX || lane->idle_since_ms - oldest->idle_since_ms > IDLE_MS) {
		take_out(&lanes->idle, oldest);
		extra = oldest;
	}
	pthread_mutex_unlock(&lanes->mutex);
	if (extra)
		free_lane(extra);
}

struct pa_transfer *pa_lane_transfer(const struct pa_lane *lane, size_t index)
{
	return lane->transfers[index];
}

void pa_lanes_wake(struct pa_lanes *lanes)
{
	pthread_mutex_lock(&lanes->mutex);
	for (struct pa_lane *lane = lanes->leased.newest; lane; lane = lane->older)
		curl_multi_wakeup(lane->multi);
	pthread_mutex_unlock(&lanes->mutex);
}

/* Running */

static bool start(struct pa_lane *lane, struct pa_transfer *transfer)
{
	if (curl_multi_add_handle(lane->multi, pa_transfer_easy(transfer)) == CURLM_OK)
		return true;
	pa_transfer_end(transfer, CURLE_OUT_OF_MEMORY);
	return false;
}

/* Handles the transfers that curl has ended. Returns how many are done; *followed: whether others follow a redirect. */
static size_t finish(struct pa_lane *lane, bool *followed)
{
	CURLMsg *message;
	size_t ended = 0;
	int queued;

	*followed = false;
	while ((message = curl_multi_info_read(lane->multi, &queued))) {
		struct pa_transfer *transfer;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		curl_multi_remove_handle(lane->multi, message->easy_handle);
		if (pa_transfer_end(transfer, (int)result) && start(lane, transfer))
			*followed = true;
		else
			ended++;
	}
	return ended;
}

void pa_lane_run(struct pa_lane *lane)
{
	size_t left = 0;
	bool followed;
	int running;

	for (size_t i = 0; i < lane->count; i++)
		left += pa_transfer_is_prepared(lane->transfers[i]) && start(lane, lane->transfers[i]);
	while (left > 0 && !atomic_load(&lane->lanes->rules->cancelled)) {
		if (curl_multi_perform(lane->multi, &running) != CURLM_OK)
			break;
		size_t ended = finish(lane, &followed);
		left -= ended;
		if (ended > 0 || followed)
			continue;
		/* A signal, pa_lanes_wake or a deadline of curl's ends the wait early. */
		if (running == 0 || curl_multi_poll(lane->multi, NULL, 0, WAIT_MS, NULL) != CURLM_OK)
			break;
	}
}
