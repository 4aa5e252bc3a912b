#include "script/reload.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "script/watch.h"

struct pa_reload {
	void (*call)(void *);
	void *context;
	struct pa_watch *watch; /* or NULL */
	int wake;               /* eventfd: a reload was asked for, or stop */
	bool thread_runs;
	atomic_bool stopping;
	pthread_t thread;
};

struct pa_reload *pa_reload_open(const char *const *folders, struct pa_error *error)
{
	struct pa_reload *reload = calloc(1, sizeof *reload);

	if (!reload) {
		pa_error_set(error, "scripts", "not enough memory");
		return NULL;
	}
	reload->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reload->wake < 0) {
		pa_error_set(error, "scripts", "cannot make an eventfd: %s", strerror(errno));
		goto failed;
	}
	if (folders && !(reload->watch = pa_watch_open(folders, PA_ROOMS, error)))
		goto failed;
	return reload;

failed:
	pa_reload_close(reload);
	return NULL;
}

static void *work(void *context)
{
	struct pa_reload *reload = context;
	int wait_ms = -1;

	while (!atomic_load(&reload->stopping)) {
		struct pollfd ready[2] = {{.fd = reload->wake, .events = POLLIN},
			{.fd = reload->watch ? pa_watch_fd(reload->watch) : -1, .events = POLLIN}};
		uint64_t asked = 0;
		if (reload->watch && pa_watch_settle(reload->watch, &wait_ms)) {
			reload->call(reload->context);
			continue;
		}
		if (poll(ready, 2, wait_ms) < 0 && errno != EINTR)
			break;
		if (ready[0].revents && read(reload->wake, &asked, sizeof asked) > 0 && !atomic_load(&reload->stopping))
			reload->call(reload->context);
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

void pa_reload_request(struct pa_reload *reload)
{
	const uint64_t one = 1;

	while (write(reload->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void pa_reload_close(struct pa_reload *reload)
{
	if (!reload)
		return;
	if (reload->thread_runs) {
		atomic_store(&reload->stopping, true);
		pa_reload_request(reload); /* wakes the thread */
		pthread_join(reload->thread, NULL);
	}
	pa_watch_close(reload->watch);
	if (reload->wake >= 0)
		close(reload->wake);
	free(reload);
}
