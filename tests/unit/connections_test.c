/* The list of a driver's sockets: which of them may stay in epoll between transfers. */
#include "client/connections.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket that listens on a free port, written into *address. */
static int listen_somewhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = loopback();
	assert_int_equal(bind(fd, (struct sockaddr *)address, size), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
	return fd;
}

static int open_to(struct pa_connections *connections, const struct sockaddr_in *address)
{
	int fd = pa_connections_open(connections, AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static void only_a_socket_that_was_used_has_a_watch(void **state)
{
	struct pa_connections *connections = pa_connections_new();
	struct sockaddr_in address;
	int server = listen_somewhere(&address);

	(void)state;
	assert_non_null(connections);
	int fd = open_to(connections, &address);
	assert_null(pa_connections_watch(connections, fd));
	assert_null(pa_connections_watch(connections, server));
	assert_int_equal(pa_connections_use(connections, port_of(fd)), PA_CONNECTIONS_NEW);
	struct pa_connections_watch *watch = pa_connections_watch(connections, fd);
	assert_non_null(watch);
	assert_int_equal(watch->events, 0);
	assert_false(watch->is_idle);
	*watch = (struct pa_connections_watch){.events = 1, .is_idle = true};
	assert_int_equal(pa_connections_use(connections, port_of(fd)), PA_CONNECTIONS_KEPT);
	assert_ptr_equal(pa_connections_watch(connections, fd), watch);
	pa_connections_close(connections, fd);
	pa_connections_free(connections);
	close(server);
}

/* Else epoll would not be told of the new socket, and its answer would never be read. */
static void a_new_socket_does_not_get_the_watch_of_the_one_before_with_its_number(void **state)
{
	struct pa_connections *connections = pa_connections_new();
	struct sockaddr_in address;
	int server = listen_somewhere(&address);

	(void)state;
	assert_non_null(connections);
	int before = open_to(connections, &address);
	pa_connections_use(connections, port_of(before));
	*pa_connections_watch(connections, before) = (struct pa_connections_watch){.events = 1, .is_idle = true};
	pa_connections_close(connections, before);
	int now = open_to(connections, &address);
	assert_int_equal(now, before);
	assert_null(pa_connections_watch(connections, now));
	pa_connections_use(connections, port_of(now));
	assert_int_equal(pa_connections_watch(connections, now)->events, 0);
	pa_connections_close(connections, now);
	pa_connections_free(connections);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_socket_that_was_used_has_a_watch),
		cmocka_unit_test(a_new_socket_does_not_get_the_watch_of_the_one_before_with_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
