/* Two queues, and a thread of idle priority that admits from them: it runs while a processor is idle. */
#include "base/admission.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
	PER_PROCESSOR = 4, /* of fewer, requests that have just been read sleep a second time, before they begin */
	SPARE = 4,
	LEAST = 2,              /* times as many as are inside may always have begun */
	HURRIED = 64,           /* requests that leave while others wait, before one less may have begun */
	PATIENCE_MS = 20,       /* of requests that have not begun, */
	PATIENCE_MOST_MS = 100, /* also when too many have */
	LOOK_MS = 100,          /* how soon a thread that comes back looks whether it waits for room, */
	LOOK_MOST_MS = 1000,    /* and how seldom it does so in the end */
};

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
	struct waiter *first, **last;                      /* requests that have not begun */
	struct pa_admission_turn *first_back, **last_back; /* those that come back: admitted before the others */
	unsigned at_once;
	unsigned inside;  /* requests in Lua */
	unsigned begun;   /* these, and the ones that wait outside */
	unsigned most;    /* that may have begun */
	unsigned hurried; /* that left or stepped out while others waited, since one was let in late */
};

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* The queues. The mutex is held. */

static bool has_room(const struct pa_admission *admission)
{
	return admission->inside < admission->at_once;
}

static bool may_begin(const struct pa_admission *admission)
{
	return has_room(admission) && admission->begun < admission->most;
}

static bool is_waiting(const struct pa_admission *admission)
{
	return admission->first || admission->first_back;
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

static void remove_turn(struct pa_admission *admission, struct pa_admission_turn *turn)
{
	struct pa_admission_turn **at = &admission->first_back;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	if (!*at)
		admission->last_back = at;
	turn->is_queued = false;
}

static void wake(struct pa_admission_turn *turn)
{
	atomic_store_explicit(&turn->is_inside, true, memory_order_release);
	sem_post(&turn->woken);
}

/* The mutex is held. */
static void begin(struct pa_admission *admission)
{
	admission->inside++;
	admission->begun++;
}

/* A request began that had to wait until a processor was idle, or for too long: more of them at a time are of use. */
static void raise_most(struct pa_admission *admission)
{
	if (admission->begun > admission->most)
		admission->most = admission->begun;
	admission->hurried = 0;
}

/* A request left or stepped out while others wait. After HURRIED of these, without an idle processor meanwhile, one
 * less may have begun: fewer at a time do as much work. */
static void lower_most(struct pa_admission *admission)
{
	if (++admission->hurried < HURRIED)
		return;
	admission->hurried = 0;
	if (admission->most > LEAST * admission->at_once)
		admission->most--;
}

/* Admits one that waits. The one to be woken, which the caller wakes without the mutex; NULL: it was signalled here. */
static struct pa_admission_turn *admit_next(struct pa_admission *admission)
{
	struct pa_admission_turn *turn = admission->first_back;

	if (turn) {
		remove_turn(admission, turn);
		admission->inside++;
		return turn;
	}
	struct waiter *waiter = admission->first;
	remove_waiter(admission, waiter);
	begin(admission);
	waiter->is_admitted = true;
	pthread_cond_signal(&waiter->admitted);
	return NULL;
}

static void *admit_when_idle(void *context)
{
	struct pa_admission *admission = context;

	pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0});
	pthread_mutex_lock(&admission->mutex);
	while (!admission->stop) {
		if (!is_waiting(admission)) {
			pthread_cond_wait(&admission->queued, &admission->mutex);
			continue;
		}
		struct pa_admission_turn *turn = admit_next(admission);
		raise_most(admission);
		/* Without the mutex, the admitted thread runs before this one does again. */
		pthread_mutex_unlock(&admission->mutex);
		if (turn)
			wake(turn);
		sched_yield();
		pthread_mutex_lock(&admission->mutex);
	}
	pthread_mutex_unlock(&admission->mutex);
	return NULL;
}

/* Opening and closing */

struct pa_admission *pa_admission_open(void)
{
	struct pa_admission *admission = calloc(1, sizeof *admission);

	if (!admission)
		return NULL;
	pthread_mutex_init(&admission->mutex, NULL);
	pthread_cond_init(&admission->queued, NULL);
	admission->last = &admission->first;
	admission->last_back = &admission->first_back;
	admission->at_once = PER_PROCESSOR * processors() + SPARE;
	admission->most = LEAST * admission->at_once;
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

/* Requests */

/* The mutex is held. */
static void wait_at_most(struct pa_admission *admission, struct waiter *waiter, int ms)
{
	struct timespec end = pa_clock_in(ms);
	int waited = 0;

	while (!waiter->is_admitted && waited == 0)
		waited = pthread_cond_timedwait(&waiter->admitted, &admission->mutex, &end);
}

/* The mutex is held. */
static void wait_for_room(struct pa_admission *admission)
{
	struct waiter waiter = {.is_admitted = false};

	pa_clock_condition(&waiter.admitted);
	if (!is_waiting(admission))
		pthread_cond_signal(&admission->queued);
	*admission->last = &waiter;
	admission->last = &waiter.next;
	wait_at_most(admission, &waiter, PATIENCE_MS);
	if (!waiter.is_admitted && admission->begun >= admission->most)
		wait_at_most(admission, &waiter, PATIENCE_MOST_MS - PATIENCE_MS);
	if (!waiter.is_admitted) {
		remove_waiter(admission, &waiter);
		begin(admission);
		raise_most(admission);
	}
	pthread_cond_destroy(&waiter.admitted);
}

void pa_admission_enter(struct pa_admission *admission)
{
	pthread_mutex_lock(&admission->mutex);
	if (may_begin(admission))
		begin(admission);
	else
		wait_for_room(admission);
	pthread_mutex_unlock(&admission->mutex);
}

/* Admits one that waits, when there is room for it. Unlocks the mutex. */
static void admit_and_unlock(struct pa_admission *admission)
{
	struct pa_admission_turn *turn = NULL;

	if (is_waiting(admission) && (admission->first_back ? has_room(admission) : may_begin(admission)))
		turn = admit_next(admission);
	if (admission->first)
		lower_most(admission);
	pthread_mutex_unlock(&admission->mutex);
	if (turn)
		wake(turn);
}

void pa_admission_leave(struct pa_admission *admission)
{
	pthread_mutex_lock(&admission->mutex);
	admission->inside--;
	admission->begun--;
	admit_and_unlock(admission);
}

static void step_out(struct pa_admission *admission)
{
	pthread_mutex_lock(&admission->mutex);
	admission->inside--;
	admit_and_unlock(admission);
}

/* Waits of requests */

void pa_admission_turn_init(struct pa_admission_turn *turn)
{
	*turn = (struct pa_admission_turn){0};
	sem_init(&turn->woken, 0, 0);
}

void pa_admission_turn_destroy(struct pa_admission_turn *turn)
{
	sem_destroy(&turn->woken);
}

void pa_admission_come_back(struct pa_admission *admission, struct pa_admission_turn *turn)
{
	if (!admission) {
		wake(turn);
		return;
	}
	pthread_mutex_lock(&admission->mutex);
	bool enters = has_room(admission);
	if (enters) {
		admission->inside++;
	} else {
		if (!is_waiting(admission))
			pthread_cond_signal(&admission->queued);
		turn->next = NULL;
		turn->is_queued = true;
		*admission->last_back = turn;
		admission->last_back = &turn->next;
	}
	pthread_mutex_unlock(&admission->mutex);
	if (enters)
		wake(turn);
}

/* True when the thread was queued: it is inside then, although there is no room. */
static bool enter_from_queue(struct pa_admission *admission, struct pa_admission_turn *turn)
{
	pthread_mutex_lock(&admission->mutex);
	bool was_queued = turn->is_queued;
	if (was_queued) {
		remove_turn(admission, turn);
		admission->inside++;
	}
	pthread_mutex_unlock(&admission->mutex);
	return was_queued;
}

void pa_admission_wait(struct pa_admission *admission, struct pa_admission_turn *turn)
{
	int64_t look_ms = LOOK_MS;

	if (admission)
		step_out(admission);
	for (;;) {
		struct timespec end = pa_clock_in(look_ms);
		int waited = admission ? sem_clockwait(&turn->woken, CLOCK_MONOTONIC, &end) : sem_wait(&turn->woken);
		if (waited == 0)
			break;
		if (!admission || errno != ETIMEDOUT)
			continue; /* a signal of the watchdog */
		if (enter_from_queue(admission, turn))
			return;
		look_ms = look_ms * 2 > LOOK_MOST_MS ? LOOK_MOST_MS : look_ms * 2;
	}
	/* What the other thread wrote before it woke this one can be read from here on. sem_clockwait does that too, but
	 * ThreadSanitizer does not know it. */
	atomic_exchange_explicit(&turn->is_inside, false, memory_order_acquire);
}
