/* A list of idle calls and one of leased ones. */
#include "client/call.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stats.h"

enum {
	IDLE_MAX = 256,  /* idle calls that are kept */
	IDLE_MS = 60000, /* a call that was idle for longer is freed */
};

struct pa_call {
	struct pa_http_driver_batch batch; /* first: the driver gives it back */
	struct pa_calls *calls;
	struct pa_admission *admission;
	struct pa_admission_turn turn;
	size_t count;                                     /* transfers of the current lease */
	struct pa_transfer *transfers[PA_CALL_TRANSFERS]; /* made when first needed */
	char url[PA_CALL_URL_SIZE];
	int64_t idle_since_ms;
	struct pa_call *newer, *older;
};

struct list {
	struct pa_call *newest, *oldest;
	size_t count;
};

struct pa_calls {
	const struct pa_transfer_rules *rules;
	struct pa_http_driver *driver;
	unsigned leased_max;
	pthread_mutex_t mutex; /* for all that follows */
	struct list idle, leased;
	size_t making; /* calls that are being made, to be leased */
};

static void push(struct list *list, struct pa_call *call)
{
	call->newer = NULL;
	call->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = call;
	list->newest = call;
	list->count++;
}

static void take_out(struct list *list, struct pa_call *call)
{
	*(call->newer ? &call->newer->older : &list->newest) = call->older;
	*(call->older ? &call->older->newer : &list->oldest) = call->newer;
	list->count--;
}

/* Making and freeing */

static void free_call(struct pa_call *call)
{
	for (size_t i = 0; i < PA_CALL_TRANSFERS && call->transfers[i]; i++)
		pa_transfer_free(call->transfers[i]);
	pa_admission_turn_destroy(&call->turn);
	free(call);
}

static struct pa_call *new_call(struct pa_calls *calls)
{
	struct pa_call *call = calloc(1, sizeof *call);

	if (!call)
		return NULL;
	call->calls = calls;
	pa_admission_turn_init(&call->turn);
	return call;
}

struct pa_calls *pa_calls_open(
	const struct pa_transfer_rules *rules, struct pa_http_driver *driver, unsigned leased_max)
{
	struct pa_calls *calls = calloc(1, sizeof *calls);

	if (!calls)
		return NULL;
	calls->rules = rules;
	calls->driver = driver;
	calls->leased_max = leased_max;
	pthread_mutex_init(&calls->mutex, NULL);
	return calls;
}

void pa_calls_close(struct pa_calls *calls)
{
	if (!calls)
		return;
	pa_stats_leaked("calls out", calls->leased.count);
	for (struct pa_call *call = calls->idle.newest, *older; call; call = older) {
		older = call->older;
		free_call(call);
	}
	pthread_mutex_destroy(&calls->mutex);
	free(calls);
}

/* Leasing */

/* Makes the call have `count` transfers. 0, or -1 without memory. */
static int widen(struct pa_call *call, size_t count)
{
	for (; call->count < count; call->count++) {
		if (!call->transfers[call->count])
			call->transfers[call->count] = pa_transfer_new(call->calls->rules);
		if (!call->transfers[call->count])
			return -1;
	}
	return 0;
}

struct pa_call *pa_call_lease(struct pa_calls *calls, size_t count, struct pa_error *error)
{
	struct pa_call *call = NULL;

	pthread_mutex_lock(&calls->mutex);
	bool full = calls->leased_max > 0 && calls->leased.count + calls->making >= calls->leased_max;
	if (!full && (call = calls->idle.newest)) {
		take_out(&calls->idle, call);
		push(&calls->leased, call);
	}
	calls->making += !full && !call;
	pthread_mutex_unlock(&calls->mutex);
	if (full) {
		pa_error_set(error, "busy", "%u calls out are running already: try again later", calls->leased_max);
		return NULL;
	}
	if (!call) {
		call = new_call(calls);
		pthread_mutex_lock(&calls->mutex);
		calls->making--;
		if (call)
			push(&calls->leased, call);
		pthread_mutex_unlock(&calls->mutex);
	}
	if (call)
		pa_stats_add(PA_STAT_CALLS_RUNNING, 1);
	if (call && widen(call, count) == 0)
		return call;
	if (call)
		pa_call_return(call);
	pa_error_set(error, "http", "not enough memory");
	return NULL;
}

void pa_call_return(struct pa_call *call)
{
	struct pa_calls *calls = call->calls;
	struct pa_call *extra = NULL;

	for (size_t i = 0; i < call->count; i++)
		pa_transfer_reset(call->transfers[i]);
	call->count = 0;
	pa_stats_add(PA_STAT_CALLS_RUNNING, -1);
	call->idle_since_ms = pa_clock_ms();
	pthread_mutex_lock(&calls->mutex);
	take_out(&calls->leased, call);
	push(&calls->idle, call);
	struct pa_call *oldest = calls->idle.oldest;
	if (calls->idle.count > IDLE_MAX || call->idle_since_ms - oldest->idle_since_ms > IDLE_MS) {
		take_out(&calls->idle, oldest);
		extra = oldest;
	}
	pthread_mutex_unlock(&calls->mutex);
	if (extra)
		free_call(extra);
}

struct pa_transfer *pa_call_transfer(const struct pa_call *call, size_t index)
{
	return call->transfers[index];
}

char *pa_call_url(struct pa_call *call)
{
	return call->url;
}

/* Running */

/* Hands the prepared transfers over. False when there are none, or no thread to drive them. */
static bool submit(struct pa_call *call, void (*ended)(struct pa_http_driver_batch *batch))
{
	struct pa_http_driver_batch *batch = &call->batch;

	batch->count = 0;
	for (size_t i = 0; i < call->count; i++)
		if (pa_transfer_is_prepared(call->transfers[i]))
			batch->rides[batch->count++].transfer = call->transfers[i];
	batch->ended = ended;
	return batch->count > 0 && pa_http_driver_submit(call->calls->driver, batch) == 0;
}

static void come_back(struct pa_http_driver_batch *batch)
{
	struct pa_call *call = (struct pa_call *)batch;

	pa_admission_come_back(call->admission, &call->turn);
}

void pa_call_run(struct pa_call *call, struct pa_admission *admission)
{
	call->admission = admission;
	if (!submit(call, come_back))
		return;
	pa_admission_wait(admission, &call->turn);
}

static void return_alone(struct pa_http_driver_batch *batch)
{
	pa_call_return((struct pa_call *)batch);
}

void pa_call_run_alone(struct pa_call *call)
{
	if (!submit(call, return_alone))
		pa_call_return(call);
}
