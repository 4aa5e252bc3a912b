/* Lines to a descriptor whose reader may stall: a queue, and a thread that empties it. */
#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	FAILED_MS = 1000, /* until the next attempt after an error, such as a full disk */
	PAUSE_MS = 10,    /* after the kernel said that there is room, and took nothing */
	CLOSE_MS = 1000,  /* for the thread to end */
};

/* How a write can be kept from blocking. */
enum way {
	WRITE,    /* a file, whose writes do not wait for a reader; or a description of our own with O_NONBLOCK */
	SEND,     /* a socket */
	BY_THREAD /* not at all: only the thread writes */
};

enum outcome { WRITTEN, WOULD_BLOCK, REFUSED };

struct pa_outlet {
	int descriptor, own; /* own: a second description of the same pipe or terminal, or -1 */
	int wake;            /* an eventfd: ends the thread's waits */
	enum way way;
	pa_outlet_note *note;
	pthread_t thread;
	_Atomic unsigned long dropped;
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t changed, attempted;
	/* The line that is written now; only the thread has it while `length` is not 0. */
	struct {
		size_t length, done;
		char bytes[PA_OUTLET_LINE_MAX];
	} line;
	unsigned long untold; /* lines dropped since the last note; not 0: all lines are dropped until the queue is empty */
	unsigned long attempts;      /* of the thread */
	bool refused, ending, ended; /* refused: the last attempt had an error */
	size_t begin, used, size;    /* of the queue: each line has its length (uint16_t) before it */
	char queue[];
};

/* Writing */

static enum way way_to(int descriptor, int *own)
{
	struct stat about;
	char path[40];

	*own = -1;
	if (fstat(descriptor, &about) < 0)
		return WRITE; /* which fails */
	if (S_ISSOCK(about.st_mode))
		return SEND;
	bool terminal = S_ISCHR(about.st_mode) && isatty(descriptor);
	if (!S_ISFIFO(about.st_mode) && !terminal)
		return WRITE;
	if (terminal && about.st_rdev == makedev(5, 2)) /* to open /dev/ptmx again would make another terminal */
		return BY_THREAD;
	/* O_NONBLOCK belongs to the open file description, which the shell and other processes share: open another one. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	*own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return *own < 0 ? BY_THREAD : WRITE;
}

static ssize_t put(const struct pa_outlet *outlet, const char *bytes, size_t length)
{
	if (outlet->way == SEND)
		return send(outlet->descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(outlet->own < 0 ? outlet->descriptor : outlet->own, bytes, length);
}

/* Writes what is left of a line after *done bytes. */
static enum outcome attempt(const struct pa_outlet *outlet, const char *line, size_t length, size_t *done)
{
	while (*done < length) {
		ssize_t wrote = put(outlet, line + *done, length - *done);
		if (wrote > 0)
			*done += (size_t)wrote;
		else if (wrote == 0 || errno == EAGAIN || errno == EWOULDBLOCK)
			return WOULD_BLOCK;
		else if (errno == EMSGSIZE) /* no datagram can hold the line: pass over it */
			*done = length;
		else if (errno != EINTR)
			return REFUSED;
	}
	return WRITTEN;
}

/* The queue. The mutex is held. */

static void copy_in(struct pa_outlet *outlet, const void *bytes, size_t length)
{
	size_t at = (outlet->begin + outlet->used) % outlet->size;
	size_t first = length < outlet->size - at ? length : outlet->size - at;

	memcpy(outlet->queue + at, bytes, first);
	memcpy(outlet->queue, (const char *)bytes + first, length - first);
	outlet->used += length;
}

static void copy_out(struct pa_outlet *outlet, void *bytes, size_t length)
{
	size_t first = length < outlet->size - outlet->begin ? length : outlet->size - outlet->begin;

	memcpy(bytes, outlet->queue + outlet->begin, first);
	memcpy((char *)bytes + first, outlet->queue, length - first);
	outlet->begin = (outlet->begin + length) % outlet->size;
	outlet->used -= length;
}

static void enqueue(struct pa_outlet *outlet, const char *line, size_t length)
{
	uint16_t prefix = (uint16_t)length;

	if (outlet->untold > 0 || outlet->size - outlet->used < length + sizeof prefix) {
		outlet->untold++;
		atomic_fetch_add_explicit(&outlet->dropped, 1, memory_order_relaxed);
		return;
	}
	copy_in(outlet, &prefix, sizeof prefix);
	copy_in(outlet, line, length);
	pthread_cond_signal(&outlet->changed);
}

static bool is_idle(const struct pa_outlet *outlet)
{
	return outlet->line.length == 0 && outlet->used == 0 && outlet->untold == 0;
}

/* Makes the next line the current one: of the queue; when that is empty, the note about what was dropped after it. */
static void take_next(struct pa_outlet *outlet)
{
	uint16_t length;

	outlet->line.done = 0;
	if (outlet->used > 0) {
		copy_out(outlet, &length, sizeof length);
		copy_out(outlet, outlet->line.bytes, length);
		outlet->line.length = length;
	} else if (outlet->untold > 0) {
		outlet->line.length = outlet->note(outlet->untold, outlet->line.bytes, sizeof outlet->line.bytes);
		outlet->untold = 0;
	}
}

void pa_outlet_write(struct pa_outlet *outlet, const char *line, size_t length)
{
	if (length > PA_OUTLET_LINE_MAX)
		length = PA_OUTLET_LINE_MAX;
	pthread_mutex_lock(&outlet->mutex);
	if (outlet->way == BY_THREAD || !is_idle(outlet)) {
		enqueue(outlet, line, length);
	} else {
		size_t done = 0;
		enum outcome outcome = attempt(outlet, line, length, &done);
		outlet->refused = outcome == REFUSED;
		if (outcome != WRITTEN) {
			memcpy(outlet->line.bytes, line, length);
			outlet->line.done = done;
			outlet->line.length = length;
			pthread_cond_signal(&outlet->changed);
		}
	}
	pthread_mutex_unlock(&outlet->mutex);
}

/* The thread */

/* Waits until another attempt is worth while. `pause`: the kernel told of room, and then took nothing. */
static void wait_for_room(const struct pa_outlet *outlet, enum outcome outcome, bool pause)
{
	struct pollfd events[] = {
		{.fd = outlet->wake, .events = POLLIN},
		{.fd = outlet->own < 0 ? outlet->descriptor : outlet->own, .events = POLLOUT},
	};
	int ms = outcome == REFUSED ? FAILED_MS : pause ? PAUSE_MS : -1;
	uint64_t woken;

	poll(events, ms < 0 ? 2 : 1, ms);
	while (read(outlet->wake, &woken, sizeof woken) > 0)
		; /* until the eventfd is 0 again */
}

/* Writes the current line as far as that goes. Returns with the mutex held. */
static void write_current(struct pa_outlet *outlet)
{
	bool told = false; /* whether poll has just said that there is room */

	while (!outlet->ending) {
		size_t before = outlet->line.done;
		pthread_mutex_unlock(&outlet->mutex);
		enum outcome outcome = attempt(outlet, outlet->line.bytes, outlet->line.length, &outlet->line.done);
		pthread_mutex_lock(&outlet->mutex);
		outlet->attempts++;
		outlet->refused = outcome == REFUSED;
		if (outcome == WRITTEN)
			outlet->line.length = 0;
		pthread_cond_broadcast(&outlet->attempted);
		if (outcome == WRITTEN || outlet->ending)
			return;
		bool pause = told && outlet->line.done == before;
		pthread_mutex_unlock(&outlet->mutex);
		wait_for_room(outlet, outcome, pause);
		pthread_mutex_lock(&outlet->mutex);
		told = !pause;
	}
}

static void *empty_queue(void *context)
{
	struct pa_outlet *outlet = context;

	pthread_mutex_lock(&outlet->mutex);
	while (!outlet->ending) {
		if (outlet->line.length == 0)
			take_next(outlet);
		if (outlet->line.length > 0)
			write_current(outlet);
		else
			pthread_cond_wait(&outlet->changed, &outlet->mutex);
	}
	outlet->ended = true;
	pthread_cond_broadcast(&outlet->attempted);
	pthread_mutex_unlock(&outlet->mutex);
	return NULL;
}

/* Opening and closing */

static int start_thread(struct pa_outlet *outlet)
{
	sigset_t all, before;

	sigfillset(&all); /* signals of the process are for other threads */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(&outlet->thread, NULL, empty_queue, outlet);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

static void free_outlet(struct pa_outlet *outlet)
{
	if (outlet->wake >= 0)
		close(outlet->wake);
	if (outlet->own >= 0)
		close(outlet->own);
	pthread_cond_destroy(&outlet->changed);
	pthread_cond_destroy(&outlet->attempted);
	pthread_mutex_destroy(&outlet->mutex);
	free(outlet);
}

struct pa_outlet *pa_outlet_open(int descriptor, size_t queue_bytes, pa_outlet_note *note)
{
	struct pa_outlet *outlet = calloc(1, sizeof *outlet + queue_bytes);

	if (!outlet)
		return NULL;
	outlet->descriptor = descriptor;
	outlet->size = queue_bytes;
	outlet->note = note;
	outlet->way = way_to(descriptor, &outlet->own);
	outlet->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&outlet->mutex, NULL);
	pthread_cond_init(&outlet->changed, NULL);
	pa_clock_condition(&outlet->attempted);
	if (outlet->wake >= 0 && start_thread(outlet) == 0)
		return outlet;
	free_outlet(outlet);
	return NULL;
}

/* Ends a wait of the thread, so that it makes another attempt or ends. */
static void wake(const struct pa_outlet *outlet)
{
	const uint64_t one = 1;

	if (write(outlet->wake, &one, sizeof one) < 0)
		return; /* the counter is full: the thread is woken already */
}

bool pa_outlet_flush(struct pa_outlet *outlet, unsigned milliseconds)
{
	struct timespec until = pa_clock_in(milliseconds);
	int waited = 0;

	pthread_mutex_lock(&outlet->mutex);
	unsigned long before = outlet->attempts;
	if (outlet->refused)
		wake(outlet);
	while (!is_idle(outlet) && !(outlet->refused && outlet->attempts != before) && waited == 0)
		waited = pthread_cond_timedwait(&outlet->attempted, &outlet->mutex, &until);
	bool idle = is_idle(outlet);
	pthread_mutex_unlock(&outlet->mutex);
	return idle;
}

unsigned long pa_outlet_dropped(const struct pa_outlet *outlet)
{
	return atomic_load_explicit(&outlet->dropped, memory_order_relaxed);
}

void pa_outlet_close(struct pa_outlet *outlet)
{
	struct timespec until = pa_clock_in(CLOSE_MS);
	int waited = 0;

	if (!outlet)
		return;
	pthread_mutex_lock(&outlet->mutex);
	outlet->ending = true;
	pthread_cond_signal(&outlet->changed);
	wake(outlet);
	while (!outlet->ended && waited == 0)
		waited = pthread_cond_timedwait(&outlet->attempted, &outlet->mutex, &until);
	bool ended = outlet->ended;
	pthread_mutex_unlock(&outlet->mutex);
	if (!ended) {
		pthread_detach(outlet->thread);
		return;
	}
	pthread_join(outlet->thread, NULL);
	free_outlet(outlet);
}
