/* A queue, and a thread of idle priority that admits waiters: it runs while a processor is idle. */
#include "script/admission.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

enum { PER_PROCESSOR = 2, SPARE = 2, PATIENCE_MS = 20 };

struct waiter {
	pthread_cond_t admitted;
	bool is_admitted;
	struct waiter *next;
};

struct pa_admission {
	pthread_mutex_t mutex;
	pthread_cond_t queued; /* signalled for the first waiter, and for `stop` */
	pthread_t idler;
	bool stop;
	struct waiter *first, **last;
	unsigned inside, at_once;
};

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static void remove_waiter(struct pa_admission *admission, struct waiter *waiter)
{
	struct waiter **at = &admission->first;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	if (!*at)
		admission->last = at;
}

/* The mutex is held, and the queue is not empty. */
static void admit_first(struct pa_admission *admission)
{
	struct waiter *waiter = admission->first;

	remove_waiter(admission, waiter);
	waiter->is_admitted = true;
	admission->inside++;
	pthread_cond_signal(&waiter->admitted);
}

static void *admit_when_idle(void *context)
{
	struct pa_admission *admission = context;

	pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0});
	pthread_mutex_lock(&admission->mutex);
	while (!admission->stop) {
		if (!admission->first) {
			pthread_cond_wait(&admission->queued, &admission->mutex);
			continue;
		}
		admit_first(admission);
		/* Without the mutex, the admitted thread runs before this one does again. */
		pthread_mutex_unlock(&admission->mutex);
		sched_yield();
		pthread_mutex_lock(&admission->mutex);
	}
	pthread_mutex_unlock(&admission->mutex);
	return NULL;
}

struct pa_admission *pa_admission_open(void)
{
	struct pa_admission *admission = calloc(1, sizeof *admission);

	if (!admission)
		return NULL;
	pthread_mutex_init(&admission->mutex, NULL);
	pthread_cond_init(&admission->queued, NULL);
	admission->last = &admission->first;
	admission->at_once = PER_PROCESSOR * processors() + SPARE;
	if (pthread_create(&admission->idler, NULL, admit_when_idle, admission) != 0) {
		pthread_cond_destroy(&admission->queued);
		pthread_mutex_destroy(&admission->mutex);
		free(admission);
		return NULL;
	}
	return admission;
}

void pa_admission_close(struct pa_admission *admission)
{
	if (!admission)
		return;
	pthread_mutex_lock(&admission->mutex);
	admission->stop = true;
	pthread_cond_signal(&admission->queued);
	pthread_mutex_unlock(&admission->mutex);
	pthread_join(admission->idler, NULL);
	pthread_cond_destroy(&admission->queued);
	pthread_mutex_destroy(&admission->mutex);
	free(admission);
}

/* The mutex is held. */
static void wait_for_room(struct pa_admission *admission)
{
	struct waiter waiter = {.is_admitted = false};
	struct timespec end = pa_clock_in(PATIENCE_MS);
	int waited = 0;

	pa_clock_condition(&waiter.admitted);
	if (!admission->first)
		pthread_cond_signal(&admission->queued);
	*admission->last = &waiter;
	admission->last = &waiter.next;
	while (!waiter.is_admitted && waited == 0)
		waited = pthread_cond_timedwait(&waiter.admitted, &admission->mutex, &end);
	if (!waiter.is_admitted) {
		remove_waiter(admission, &waiter);
		admission->inside++;
	}
	pthread_cond_destroy(&waiter.admitted);
}

void pa_admission_enter(struct pa_admission *admission)
{
	pthread_mutex_lock(&admission->mutex);
	if (admission->inside < admission->at_once)
		admission->inside++;
	else
		wait_for_room(admission);
	pthread_mutex_unlock(&admission->mutex);
}

void pa_admission_leave(struct pa_admission *admission)
{
	pthread_mutex_lock(&admission->mutex);
	admission->inside--;
	if (admission->first && admission->inside < admission->at_once)
		admit_first(admission);
	pthread_mutex_unlock(&admission->mutex);
}
