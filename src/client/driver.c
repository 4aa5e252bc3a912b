/* A curl multi handle, driven by socket_action, the timer callback and epoll. */
#include "client/driver.h"

#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	EVENTS = 64,
	GRACE_MS = 20, /* after a deadline, for curl to end the transfer by itself */
};

struct pa_http_driver {
	const struct pa_transfer_rules *rules;
	CURLM *multi;
	int epoll, bell;                      /* the bell is an eventfd, rung while the thread sleeps */
	int64_t due_ms;                       /* of pa_clock_ms, when curl's timer ends; -1: never */
	int64_t look_ms;                      /* when to look at the deadlines of those that run; -1: never */
	struct pa_http_driver_batch *running; /* the newest one */
	struct epoll_event events[EVENTS];
	pthread_mutex_t mutex;                      /* for all that follows */
	struct pa_http_driver_batch *queue, **last; /* not started yet */
	bool sleeps, stop, has_thread;
	pthread_t thread;
};

/* Callbacks of curl */

static int on_timer(CURLM *multi, long ms, void *context)
{
	struct pa_http_driver *driver = context;

	(void)multi;
	driver->due_ms = ms < 0 ? -1 : pa_clock_ms() + ms;
	return 0;
}

static int watch_socket(struct pa_http_driver *driver, bool is_watched, struct epoll_event *event)
{
	int how = is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, other = is_watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (epoll_ctl(driver->epoll, how, event->data.fd, event) == 0)
		return 0;
	return epoll_ctl(driver->epoll, other, event->data.fd, event);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
	struct pa_http_driver *driver = context;
	struct pa_connections_watch *watch = pa_connections_watch(driver->rules->connections, socket);
	struct epoll_event event = {.data.fd = socket};
	bool is_idle = watch && watch->is_idle;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch && watch->events)
			watch->is_idle = true; /* the next transfer mostly waits for the same events */
		else
			epoll_ctl(driver->epoll, EPOLL_CTL_DEL, socket, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if ((!is_idle || watch->events != event.events) && watch_socket(driver, known || is_idle, &event) < 0)
		return -1;
	if (watch)
		*watch = (struct pa_connections_watch){.events = event.events};
	if (!known)
		curl_multi_assign(driver->multi, socket, driver);
	return 0;
}

/* Batches */

static void put_in(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	batch->newer = NULL;
	batch->older = driver->running;
	if (driver->running)
		driver->running->newer = batch;
	driver->running = batch;
}

static void take_out(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	*(batch->newer ? &batch->newer->older : &driver->running) = batch->older;
	if (batch->older)
		batch->older->newer = batch->newer;
}

static void look_at(struct pa_http_driver *driver, int64_t ms)
{
	if (driver->look_ms < 0 || ms < driver->look_ms)
		driver->look_ms = ms;
}

static bool start(struct pa_http_driver *driver, struct pa_http_driver_ride *ride)
{
	CURL *easy = pa_transfer_easy(ride->transfer);

	look_at(driver, pa_transfer_deadline(ride->transfer) + GRACE_MS);

	curl_easy_setopt(easy, CURLOPT_PRIVATE, ride);
	ride->runs = curl_multi_add_handle(driver->multi, easy) == CURLM_OK;
	if (!ride->runs)
		pa_transfer_end(ride->transfer, CURLE_OUT_OF_MEMORY);
	return ride->runs;
}

/* One transfer of the batch less is running. True when it was the last one. */
static bool count_down(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	if (--batch->left > 0)
		return false;
	take_out(driver, batch);
	batch->ended(batch);
	return true;
}

static void begin(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	put_in(driver, batch);
	batch->left = 1; /* so that it does not end before all of its transfers were started */
	for (size_t i = 0; i < batch->count; i++) {
		struct pa_http_driver_ride *ride = &batch->rides[i];
		ride->batch = batch;
		ride->runs = false;
		if (!atomic_load(&driver->rules->cancelled))
			batch->left += start(driver, ride);
	}
	count_down(driver, batch);
}

static void begin_all(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	for (struct pa_http_driver_batch *next; batch; batch = next) {
		next = batch->next;
		begin(driver, batch);
	}
}

/* Handles the transfers that curl has ended. */
static void finish(struct pa_http_driver *driver)
{
	CURLMsg *message;
	int queued;

	while ((message = curl_multi_info_read(driver->multi, &queued))) {
		struct pa_http_driver_ride *ride;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&ride);
		curl_multi_remove_handle(driver->multi, message->easy_handle);
		ride->runs = false;
		if (!pa_transfer_end(ride->transfer, (int)result) || !start(driver, ride))
			count_down(driver, ride->batch);
	}
}

/* Ends the batch's transfers whose deadline has passed, and looks at the others later. */
static void end_late_of(struct pa_http_driver *driver, struct pa_http_driver_batch *batch, int64_t now)
{
	for (size_t i = 0, count = batch->count; i < count; i++) {
		struct pa_http_driver_ride *ride = &batch->rides[i];
		int64_t over = pa_transfer_deadline(ride->transfer) + GRACE_MS;
		if (ride->runs && now < over)
			look_at(driver, over);
		if (!ride->runs || now < over)
			continue;
		curl_multi_remove_handle(driver->multi, pa_transfer_easy(ride->transfer));
		ride->runs = false;
		pa_transfer_end(ride->transfer, CURLE_OPERATION_TIMEDOUT);
		if (count_down(driver, batch))
			return;
	}
}

/* curl has no deadline for a transfer that waits for a connection which another one makes (CURLOPT_PIPEWAIT). */
static void end_late(struct pa_http_driver *driver)
{
	int64_t now = pa_clock_ms();

	if (driver->look_ms < 0 || now < driver->look_ms)
		return;
	driver->look_ms = -1;
	for (struct pa_http_driver_batch *batch = driver->running, *older; batch; batch = older) {
		older = batch->older;
		end_late_of(driver, batch, now);
	}
}

/* Ends all batches that run: their transfers keep the result of one that was aborted. */
static void abort_all(struct pa_http_driver *driver)
{
	for (struct pa_http_driver_batch *batch = driver->running, *older; batch; batch = older) {
		older = batch->older;
		for (size_t i = 0; i < batch->count; i++)
			if (batch->rides[i].runs)
				curl_multi_remove_handle(driver->multi, pa_transfer_easy(batch->rides[i].transfer));
		take_out(driver, batch);
		batch->ended(batch);
	}
}

/* The thread */

/* How long until a time of pa_clock_ms, in milliseconds; -1: without an end. */
static int ms_until(int64_t due_ms)
{
	if (due_ms < 0)
		return -1;
	int64_t left = due_ms - pa_clock_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* How long to wait for sockets. */
static int wait_ms(const struct pa_http_driver *driver)
{
	bool looks_first = driver->look_ms >= 0 && (driver->due_ms < 0 || driver->look_ms < driver->due_ms);

	return ms_until(looks_first ? driver->look_ms : driver->due_ms);
}

/* Waits for sockets, for curl's timer and for new batches. The number of events. */
static int wait_for_events(struct pa_http_driver *driver)
{
	int ms = wait_ms(driver);

	if (ms != 0) {
		pthread_mutex_lock(&driver->mutex);
		bool is_asked = driver->queue || driver->stop || (driver->running && atomic_load(&driver->rules->cancelled));
		driver->sleeps = !is_asked;
		pthread_mutex_unlock(&driver->mutex);
		if (is_asked)
			ms = 0;
	}
	int count = epoll_wait(driver->epoll, driver->events, EVENTS, ms);
	return count < 0 ? 0 : count; /* -1: a signal */
}

/* Ends the watch of a socket on which something came, or which was closed, while no transfer waits for it: epoll would
 * report that again and again. curl looks at the connection before it uses it. False for a socket that is waited for.
 */
static bool was_idle(struct pa_http_driver *driver, int fd)
{
	struct pa_connections_watch *watch = pa_connections_watch(driver->rules->connections, fd);

	if (!watch || !watch->is_idle)
		return false;
	epoll_ctl(driver->epoll, EPOLL_CTL_DEL, fd, NULL);
	*watch = (struct pa_connections_watch){0};
	return true;
}

/* Lets curl work on the sockets that are ready, and on what its timer is for. False when curl failed. */
static bool let_curl_work(struct pa_http_driver *driver, int count)
{
	CURLMcode result = CURLM_OK;
	int running;

	for (int i = 0; i < count && result == CURLM_OK; i++) {
		const struct epoll_event *event = &driver->events[i];
		if (event->data.fd == driver->bell || was_idle(driver, event->data.fd))
			continue;
		int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
				   (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
		result = curl_multi_socket_action(driver->multi, event->data.fd, what, &running);
	}
	if (result == CURLM_OK && ms_until(driver->due_ms) == 0) {
		driver->due_ms = -1; /* curl sets it again when it has more to do */
		result = curl_multi_socket_action(driver->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	return result == CURLM_OK;
}

/* Takes the batches that were handed over. False when the thread is to end. */
static bool take_queue(struct pa_http_driver *driver, struct pa_http_driver_batch **queue)
{
	pthread_mutex_lock(&driver->mutex);
	driver->sleeps = false;
	*queue = driver->queue;
	driver->queue = NULL;
	driver->last = &driver->queue;
	bool goes_on = !driver->stop;
	pthread_mutex_unlock(&driver->mutex);
	return goes_on;
}

static void *drive(void *context)
{
	struct pa_http_driver *driver = context;
	struct pa_http_driver_batch *queue;
	int count = 0;

	while (take_queue(driver, &queue)) {
		begin_all(driver, queue);
		if (!let_curl_work(driver, count) || atomic_load(&driver->rules->cancelled))
			abort_all(driver);
		finish(driver);
		end_late(driver);
		count = wait_for_events(driver);
	}
	begin_all(driver, queue);
	abort_all(driver);
	return NULL;
}

/* Other threads */

static void ring(const struct pa_http_driver *driver)
{
	static const uint64_t one = 1;

	while (write(driver->bell, &one, sizeof one) < 0)
		; /* a signal */
}

/* Starts the thread. The mutex is held. */
static bool has_thread(struct pa_http_driver *driver)
{
	if (!driver->has_thread)
		driver->has_thread = pthread_create(&driver->thread, NULL, drive, driver) == 0;
	return driver->has_thread;
}

int pa_http_driver_submit(struct pa_http_driver *driver, struct pa_http_driver_batch *batch)
{
	batch->next = NULL;
	pthread_mutex_lock(&driver->mutex);
	bool works = has_thread(driver), sleeps = driver->sleeps;
	if (works) {
		*driver->last = batch;
		driver->last = &batch->next;
		driver->sleeps = false; /* one that rings is enough */
	}
	pthread_mutex_unlock(&driver->mutex);
	if (works && sleeps)
		ring(driver);
	return works ? 0 : -1;
}

/* Wakes the thread; with `stop` it ends. */
static void wake(struct pa_http_driver *driver, bool stop)
{
	pthread_mutex_lock(&driver->mutex);
	driver->stop = driver->stop || stop;
	bool sleeps = driver->sleeps;
	driver->sleeps = false;
	pthread_mutex_unlock(&driver->mutex);
	if (sleeps)
		ring(driver);
}

void pa_http_driver_cancel(struct pa_http_driver *driver)
{
	wake(driver, false);
}

struct pa_http_driver *pa_http_driver_open(const struct pa_transfer_rules *rules, long connections_max)
{
	struct pa_http_driver *driver = calloc(1, sizeof *driver);

	if (!driver)
		return NULL;
	pthread_mutex_init(&driver->mutex, NULL);
	driver->rules = rules;
	driver->due_ms = driver->look_ms = -1;
	driver->last = &driver->queue;
	driver->epoll = epoll_create1(EPOLL_CLOEXEC);
	driver->bell = eventfd(0, EFD_CLOEXEC);
	driver->multi = curl_multi_init();
	/* By edges the bell need not be read: each write is an event. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = driver->bell};
	if (!driver->multi || epoll_ctl(driver->epoll, EPOLL_CTL_ADD, driver->bell, &event) < 0) {
		pa_http_driver_close(driver);
		return NULL;
	}
	curl_multi_setopt(driver->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(driver->multi, CURLMOPT_SOCKETDATA, driver);
	curl_multi_setopt(driver->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(driver->multi, CURLMOPT_TIMERDATA, driver);
	curl_multi_setopt(driver->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(driver->multi, CURLMOPT_MAXCONNECTS, connections_max);
	return driver;
}

void pa_http_driver_close(struct pa_http_driver *driver)
{
	if (!driver)
		return;
	wake(driver, true);
	if (driver->has_thread)
		pthread_join(driver->thread, NULL);
	curl_multi_cleanup(driver->multi);
	if (driver->bell >= 0)
		close(driver->bell);
	if (driver->epoll >= 0)
		close(driver->epoll);
	pthread_mutex_destroy(&driver->mutex);
	free(driver);
}
