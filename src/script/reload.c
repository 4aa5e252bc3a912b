#include "script/reload.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "script/watch.h"

struct pa_reload {
	void (*call)(void *);
	void *context;
	struct pa_watch *watch; /* or NULL */
	int wake;               /* eventfd: the thread is to look at once */
	bool thread_runs;
	atomic_bool stopping, asked;
	pthread_t thread;
	/* For pa_reload_catch_up. The thread sets `busy` before it reads changes, and clears it when they are covered: they
	 * were none, or the reload for them has ended. */
	atomic_bool busy, blind;
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t caught_up;
	unsigned long begun, covered; /* readings of changes, counted; which of them is covered, and all before it */
};

struct pa_reload *pa_reload_open(const char *const *folders, const char *server, struct pa_error *error)
{
	struct pa_reload *reload = calloc(1, sizeof *reload);

	if (!reload) {
		pa_error_set(error, "scripts", "not enough memory");
		return NULL;
	}
	pthread_mutex_init(&reload->mutex, NULL);
	pa_clock_condition(&reload->caught_up);
	reload->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reload->wake < 0) {
		pa_error_set(error, "scripts", "cannot make an eventfd: %s", strerror(errno));
		goto failed;
	}
	if (folders && !(reload->watch = pa_watch_open(folders, PA_ROOMS, server, error)))
		goto failed;
	atomic_store(&reload->blind, reload->watch && pa_watch_is_blind(reload->watch));
	return reload;

failed:
	pa_reload_close(reload);
	return NULL;
}

/* Reads the changes, and calls reload when one is due or was asked for. */
static void look(struct pa_reload *reload, int *wait_ms)
{
	pthread_mutex_lock(&reload->mutex);
	atomic_store(&reload->busy, true);
	unsigned long reading = ++reload->begun;
	pthread_mutex_unlock(&reload->mutex);
	bool is_due = reload->watch && pa_watch_settle(reload->watch, wait_ms);
	bool is_asked = atomic_exchange(&reload->asked, false);
	if (is_due || is_asked)
		reload->call(reload->context);
	if (reload->watch && pa_watch_is_pending(reload->watch))
		return;
	pthread_mutex_lock(&reload->mutex);
	reload->covered = reading;
	atomic_store(&reload->blind, reload->watch && pa_watch_is_blind(reload->watch));
	atomic_store(&reload->busy, false);
	pthread_cond_broadcast(&reload->caught_up);
	pthread_mutex_unlock(&reload->mutex);
}

static void *work(void *context)
{
	struct pa_reload *reload = context;
	uint64_t wakes;
	int wait_ms = -1;

	while (!atomic_load(&reload->stopping)) {
		look(reload, &wait_ms);
		struct pollfd ready[2] = {{.fd = reload->wake, .events = POLLIN},
			{.fd = reload->watch ? pa_watch_fd(reload->watch) : -1, .events = POLLIN}};
		if (poll(ready, 2, wait_ms) < 0 && errno != EINTR)
			break;
		if (read(reload->wake, &wakes, sizeof wakes) < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	return NULL;
}

int pa_reload_start(struct pa_reload *reload, void (*call)(void *), void *context, struct pa_error *error)
{
	reload->call = call;
	reload->context = context;
	if (pthread_create(&reload->thread, NULL, work, reload) != 0)
		return pa_error_set(error, "scripts", "cannot start the thread that reloads the scripts");
	reload->thread_runs = true;
	return 0;
}

static void wake(struct pa_reload *reload)
{
	const uint64_t one = 1;

	while (write(reload->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void pa_reload_request(struct pa_reload *reload)
{
	atomic_store(&reload->asked, true);
	wake(reload);
}

/* Whether all changes so far are covered. First asks for changes that were not read yet, then for those that the thread
 * reads. */
static bool is_up_to_date(struct pa_reload *reload)
{
	int unread = 0;

	if (ioctl(pa_watch_fd(reload->watch), FIONREAD, &unread) < 0 || unread > 0)
		return false;
	return !atomic_load(&reload->busy) && !atomic_load(&reload->blind);
}

bool pa_reload_catch_up(struct pa_reload *reload, int64_t most_ms)
{
	int waited = 0;

	if (!reload->watch || is_up_to_date(reload))
		return true;
	const struct timespec until = pa_clock_in(most_ms);
	pthread_mutex_lock(&reload->mutex);
	unsigned long wanted = reload->begun + 1;
	wake(reload);
	while (reload->covered < wanted && waited == 0)
		waited = pthread_cond_timedwait(&reload->caught_up, &reload->mutex, &until);
	bool is_covered = reload->covered >= wanted;
	pthread_mutex_unlock(&reload->mutex);
	return is_covered;
}

void pa_reload_close(struct pa_reload *reload)
{
	if (!reload)
		return;
	if (reload->thread_runs) {
		atomic_store(&reload->stopping, true);
		wake(reload);
		pthread_join(reload->thread, NULL);
	}
	pa_watch_close(reload->watch);
	if (reload->wake >= 0)
		close(reload->wake);
	pthread_cond_destroy(&reload->caught_up);
	pthread_mutex_destroy(&reload->mutex);
	free(reload);
}
