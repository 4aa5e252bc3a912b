/*
 * Replaces the C library's accept by one that waits a moment when there is no descriptor left. civetweb would try again
 * at once, for as long as that lasts, with a processor of its own. The executable exports this function, so that the
 * dynamic linker gives it to the shared library of civetweb.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { PAUSE_MS = 50, LOG_EVERY_MS = 10000 };

typedef int accepter(int, struct sockaddr *, socklen_t *);

static void wait_for_descriptors(void)
{
	static _Thread_local int64_t logged_ms = -LOG_EVERY_MS;
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	if (pa_clock_ms() - logged_ms >= LOG_EVERY_MS) {
		logged_ms = pa_clock_ms();
		pa_log(PA_LOG_WARN, NULL, NULL,
			"no descriptor is left for a new connection: raise the limit of open files (ulimit -n, LimitNOFILE=)",
			NULL);
	}
	nanosleep(&pause, NULL);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's own names are reserved */
__attribute__((visibility("default"))) int accept(int fd, struct sockaddr *address, socklen_t *size)
{
	union {
		void *symbol;
		accepter *function;
	} next = {dlsym(RTLD_NEXT, "accept")};

	if (!next.symbol) {
		errno = ENOSYS;
		return -1;
	}
	int accepted = next.function(fd, address, size);
	if (accepted < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		int why = errno;
		wait_for_descriptors();
		errno = why;
	}
	return accepted;
}
