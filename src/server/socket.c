/* Looks at each descriptor of the process. */
#include "server/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

static bool is_socket_of(int fd, const struct in_addr *peer, unsigned peer_port, unsigned local_port)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof address;

	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0 || address.sin_family != AF_INET ||
		ntohs(address.sin_port) != peer_port || address.sin_addr.s_addr != peer->s_addr)
		return false;
	size = sizeof address;
	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && ntohs(address.sin_port) == local_port;
}

/* The kernel gives out the lowest free descriptor: after so many unused ones in a row there are no more. */
enum { GAP_MAX = 8192 };

int pa_socket_find(const char *peer, unsigned peer_port, unsigned local_port)
{
	static _Thread_local int last = -1;
	struct in_addr address;
	int closed = 0;

	if (inet_pton(AF_INET, peer, &address) != 1)
		return -1;
	if (last >= 0 && is_socket_of(last, &address, peer_port, local_port))
		return last;
	for (int fd = 3; closed < GAP_MAX; fd++) {
		errno = 0;
		if (is_socket_of(fd, &address, peer_port, local_port))
			return last = fd;
		closed = errno == EBADF ? closed + 1 : 0;
	}
	return -1;
}

static bool is_local_port(int fd, unsigned port)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof address;

	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.sin_family == AF_INET &&
		   ntohs(address.sin_port) == port;
}

void pa_socket_each(unsigned local_port, pa_socket_note *note, void *context)
{
	int closed = 0;

	for (int fd = 3; closed < GAP_MAX; fd++) {
		struct sockaddr_in address = {0};
		socklen_t size = sizeof address;
		errno = 0;
		if (getpeername(fd, (struct sockaddr *)&address, &size) == 0) {
			if (is_local_port(fd, local_port) && !note(context, fd, address.sin_addr.s_addr, ntohs(address.sin_port)))
				return;
			closed = 0;
			continue;
		}
		closed = errno == EBADF ? closed + 1 : 0;
	}
}

void pa_socket_linger(int fd, unsigned ms, const atomic_bool *stop)
{
	enum { LOOK_MS = 100 }; /* at *stop */
	const int64_t until_ms = pa_clock_ms() + ms;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char bytes[16 << 10];

	if (shutdown(fd, SHUT_WR) < 0)
		return;
	while (!atomic_load_explicit(stop, memory_order_relaxed) && pa_clock_ms() < until_ms) {
		int ready = poll(&readable, 1, LOOK_MS);
		if ((ready < 0 && errno != EINTR) || (ready > 0 && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0))
			return;
	}
}

void pa_socket_shut(unsigned local_port)
{
	int closed = 0;

	for (int fd = 3; closed < GAP_MAX; fd++) {
		errno = 0;
		if (is_local_port(fd, local_port))
			shutdown(fd, SHUT_RD);
		closed = errno == EBADF ? closed + 1 : 0;
	}
}
