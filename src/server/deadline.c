/* A list of deadlines, and a thread that shuts down the sockets that are due. */
#include "server/deadline.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

struct pa_deadlines {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread;
	bool stop;
	struct pa_deadline *first;
	int64_t wakes_ms; /* when the thread wakes by itself, on the clock of pa_clock_ms */
};

/* Shuts down the sockets that are due. Returns the time of the next deadline, or -1. */
static int64_t pass_due(struct pa_deadlines *deadlines)
{
	int64_t now = pa_clock_ms(), next = -1;

	for (struct pa_deadline *one = deadlines->first; one; one = one->next) {
		if (one->passed)
			continue;
		if (one->at_ms <= now) {
			one->passed = true;
			shutdown(one->fd, one->how);
		} else if (next < 0 || one->at_ms < next) {
			next = one->at_ms;
		}
	}
	return next;
}

static void *watch(void *context)
{
	struct pa_deadlines *deadlines = context;

	pthread_mutex_lock(&deadlines->mutex);
	while (!deadlines->stop) {
		int64_t next = pass_due(deadlines);
		deadlines->wakes_ms = next < 0 ? INT64_MAX : next;
		if (next < 0) {
			pthread_cond_wait(&deadlines->changed, &deadlines->mutex);
		} else {
			struct timespec until = pa_clock_at(next);
			pthread_cond_timedwait(&deadlines->changed, &deadlines->mutex, &until);
		}
	}
	pthread_mutex_unlock(&deadlines->mutex);
	return NULL;
}

struct pa_deadlines *pa_deadlines_open(void)
{
	struct pa_deadlines *deadlines = calloc(1, sizeof *deadlines);

	if (!deadlines)
		return NULL;
	pthread_mutex_init(&deadlines->mutex, NULL);
	pa_clock_condition(&deadlines->changed);
	if (pthread_create(&deadlines->thread, NULL, watch, deadlines) != 0) {
		pthread_cond_destroy(&deadlines->changed);
		pthread_mutex_destroy(&deadlines->mutex);
		free(deadlines);
		return NULL;
	}
	return deadlines;
}

void pa_deadlines_close(struct pa_deadlines *deadlines)
{
	if (!deadlines)
		return;
	pthread_mutex_lock(&deadlines->mutex);
	deadlines->stop = true;
	pthread_cond_signal(&deadlines->changed);
	pthread_mutex_unlock(&deadlines->mutex);
	pthread_join(deadlines->thread, NULL);
	pthread_cond_destroy(&deadlines->changed);
	pthread_mutex_destroy(&deadlines->mutex);
	free(deadlines);
}

void pa_deadline_begin(struct pa_deadlines *deadlines, struct pa_deadline *deadline, int fd, int how, unsigned ms)
{
	*deadline = (struct pa_deadline){.fd = fd, .how = how, .at_ms = pa_clock_ms() + ms};
	if (fd < 0)
		return;
	pthread_mutex_lock(&deadlines->mutex);
	deadline->next = deadlines->first;
	if (deadline->next)
		deadline->next->previous = deadline;
	deadlines->first = deadline;
	/* Most deadlines are later than the first one: then the thread wakes early enough by itself. */
	if (deadline->at_ms < deadlines->wakes_ms)
		pthread_cond_signal(&deadlines->changed);
	pthread_mutex_unlock(&deadlines->mutex);
}

bool pa_deadline_end(struct pa_deadlines *deadlines, struct pa_deadline *deadline)
{
	if (deadline->fd < 0)
		return false;
	pthread_mutex_lock(&deadlines->mutex);
	if (deadline->previous)
		deadline->previous->next = deadline->next;
	else
		deadlines->first = deadline->next;
	if (deadline->next)
		deadline->next->previous = deadline->previous;
	pthread_mutex_unlock(&deadlines->mutex);
	return deadline->passed;
}
