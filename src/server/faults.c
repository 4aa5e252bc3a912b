/* Writes to the socket in the ways of a broken server. */
#include "server/faults.h"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

enum { DRIP_MS = 50, DRIP_TURNS = 600, SEND_MS = 5000 };

/* 0, or -1 when the client has not read for SEND_MS or has closed. civetweb's sockets do not block. */
static int send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		struct pollfd writable = {.fd = fd, .events = POLLOUT};
		if (poll(&writable, 1, SEND_MS) <= 0)
			return -1;
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent < 0)
			return -1;
		bytes += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static void drip(int fd, const char *bytes, size_t length, const atomic_bool *stop)
{
	const struct timespec pause = {.tv_nsec = DRIP_MS * 1000000L};

	for (size_t i = 0; i < length && i < DRIP_TURNS && !atomic_load(stop); i++) {
		if (send_all(fd, bytes + i, 1) < 0)
			return;
		nanosleep(&pause, NULL);
	}
}

/* Linux sends an RST for this connect, in any state of the connection. If it fails, civetweb closes as usual. */
static void reset(int fd)
{
	(void)connect(fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
}

bool pa_faults_send(
	int fd, enum pa_response_fault fault, const struct pa_buffer *response, size_t head, const atomic_bool *stop)
{
	static const char more[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

	if (fault == PA_FAULT_RESET) {
		reset(fd);
	} else if (fault == PA_FAULT_TRUNCATE) {
		send_all(fd, response->at, head + (response->length - head) / 2);
	} else if (fault == PA_FAULT_DRIP) {
		if (send_all(fd, response->at, head) == 0)
			drip(fd, response->at + head, response->length - head, stop);
	} else if (fault == PA_FAULT_WRONG_LENGTH) {
		return send_all(fd, response->at, response->length) == 0 && send_all(fd, more, sizeof more - 1) == 0;
	}
	return false;
}
