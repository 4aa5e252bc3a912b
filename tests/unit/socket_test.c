/* Addresses to listen on, and the sockets of this process. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/deadline.h"
#include "server/listen.h"
#include "server/socket.h"

static void test_read(void **state)
{
	(void)state;
	static const struct {
		const char *text, *place;
	} good[] = {
		{"127.0.0.1:8888", "127.0.0.1:8888"},
		{"localhost:8888", "127.0.0.1:8888"},
		{":80", "80"},
		{"0.0.0.0:0", "0.0.0.0:0"},
		{"10.0.0.1:65535", "10.0.0.1:65535"},
	};
	static const char *const bad[] = {"", "8888", "localhost", "localhost:", "localhost:x", "localhost:80s",
		"localhost:80r", "localhost:-1", "localhost:+1", "localhost: 80", "localhost:65536", "example.com:80",
		"1.2.3:80", "[::1]:80", "::1:80", "127.0.0.1:80,81", "a:80:80"};
	struct pa_error error;
	char place[96];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(pa_listen_read(good[i].text, place, sizeof place, &error), 0);
		assert_string_equal(place, good[i].place);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (pa_listen_read(bad[i], place, sizeof place, &error) == 0)
			fail_msg("%s was read as %s", bad[i], place);
		assert_string_equal(error.code, "usage");
	}
}

/* A listening socket on a free port and one connection to it. */
struct pair {
	int listener, client, accepted;
	unsigned port, client_port;
};

static unsigned port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static int set_up(void **state)
{
	static struct pair pair;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	pair.listener = socket(AF_INET, SOCK_STREAM, 0);
	pair.client = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(pair.listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(pair.listener, 5) < 0)
		return -1;
	pair.port = port_of(pair.listener);
	address.sin_port = htons((uint16_t)pair.port);
	if (connect(pair.client, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	pair.accepted = accept(pair.listener, NULL, NULL);
	pair.client_port = port_of(pair.client);
	*state = &pair;
	return pair.accepted < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	close(pair->listener);
	close(pair->client);
	close(pair->accepted);
	return 0;
}

static void assert_part(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

static void HT_29_a_taken_port_names_the_process_and_the_setting(void **state)
{
	struct pair *pair = *state;
	struct pa_error error;
	char place[32], process[64];

	snprintf(place, sizeof place, "127.0.0.1:%u", pair->port);
	snprintf(process, sizeof process, ": process %ld (socket_test, in /", (long)getpid());
	assert_int_equal(pa_listen_try(place, "SANDBOX_LISTEN", &error), -1);
	assert_string_equal(error.code, "busy");
	assert_part(error.text, "cannot listen on 127.0.0.1:");
	assert_part(error.text, process);
	assert_part(error.text, ": end it, or take a free port: --sandbox-listen 127.0.0.1:");
	assert_part(error.text, ", or SANDBOX_LISTEN in .env");
	snprintf(place, sizeof place, ":%u", pair->port);
	assert_int_equal(pa_listen_try(place, "LISTEN", &error), -1);
	assert_part(error.text, process);
	assert_part(error.text, "--listen :");
}

static void HT_29_a_socket_for_IPv6_is_found_too(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	socklen_t size = sizeof address;
	struct pa_error error;
	char place[32], process[64];
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	(void)state;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1) < 0) {
		if (fd >= 0)
			close(fd);
		skip(); /* a machine without IPv6 */
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(place, sizeof place, "127.0.0.1:%u", ntohs(address.sin6_port));
	snprintf(process, sizeof process, ": process %ld (", (long)getpid());
	assert_int_equal(pa_listen_try(place, "LISTEN", &error), -1);
	close(fd);
	assert_part(error.text, process);
}

static void HT_29_other_reasons(void **state)
{
	struct pa_error error;

	(void)state;
	assert_int_equal(pa_listen_try("127.0.0.1:0", "LISTEN", &error), 0);
	assert_int_equal(pa_listen_try("203.0.113.7:8888", "HEALTH_LISTEN", &error), -1);
	assert_part(error.text, "this machine does not have that address: change HEALTH_LISTEN");
	assert_int_equal(pa_listen_try("8888", "LISTEN", &error), -1);
	assert_string_equal(error.code, "usage");
}

static void test_find(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(pa_socket_find("127.0.0.1", pair->client_port, pair->port), pair->accepted);
	assert_int_equal(pa_socket_find("127.0.0.1", pair->client_port, pair->port + 1), -1);
	assert_int_equal(pa_socket_find("127.0.0.2", pair->client_port, pair->port), -1);
}

struct noted {
	unsigned count, port;
	int fd;
	bool more;
};

static bool note(void *context, int fd, uint32_t address, unsigned port)
{
	struct noted *noted = context;

	assert_int_equal(address, htonl(INADDR_LOOPBACK));
	noted->count++;
	noted->fd = fd;
	noted->port = port;
	return noted->more;
}

static void HT_19_the_connections_of_a_port(void **state)
{
	struct pair *pair = *state;
	struct noted noted = {.more = true}, first = {.more = false};
	int again = dup(pair->accepted);

	pa_socket_each(pair->port + 1, note, &noted);
	assert_int_equal(noted.count, 0);
	pa_socket_each(pair->port, note, &noted);
	assert_int_equal(noted.count, 2);
	assert_int_equal(noted.fd, again);
	assert_int_equal(noted.port, pair->client_port);
	pa_socket_each(pair->port, note, &first);
	assert_int_equal(first.count, 1);
	assert_int_equal(first.fd, pair->accepted);
	close(again);
}

static bool ended(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&readable, 1, 5000) == 1 && read(fd, &byte, 1) == 0;
}

/* Closed connections leave a gap in the descriptors before the later ones. */
static void HT_18_a_socket_after_a_gap_is_found(void **state)
{
	struct pair *pair = *state;
	int far = 1000;

	assert_int_equal(dup2(pair->accepted, far), far);
	close(pair->accepted);
	pair->accepted = far;
	assert_int_equal(pa_socket_find("127.0.0.1", pair->client_port, pair->port), far);
	pa_socket_shut(pair->port);
	assert_true(ended(far));
}

static void test_shut(void **state)
{
	struct pair *pair = *state;

	pa_socket_shut(pair->port);
	assert_true(ended(pair->accepted));
	assert_int_equal(accept(pair->listener, NULL, NULL), -1);
	/* What is being written is still sent. */
	assert_int_equal(write(pair->accepted, "x", 1), 1);
	char byte = 0;
	assert_int_equal(read(pair->client, &byte, 1), 1);
	assert_int_equal(byte, 'x');
}

static void HT_18_a_deadline_passes(void **state)
{
	struct pair *pair = *state;
	struct pa_deadlines *deadlines = pa_deadlines_open();
	struct pa_deadline deadline;

	assert_non_null(deadlines);
	pa_deadline_begin(deadlines, &deadline, pair->accepted, SHUT_RD, 20);
	assert_true(ended(pair->accepted));
	assert_true(pa_deadline_end(deadlines, &deadline));
	pa_deadlines_close(deadlines);
}

static void test_deadline_ends_in_time(void **state)
{
	struct pair *pair = *state;
	struct pa_deadlines *deadlines = pa_deadlines_open();
	struct pa_deadline long_one, short_one;

	assert_non_null(deadlines);
	pa_deadline_begin(deadlines, &long_one, pair->accepted, SHUT_RD, 60000);
	pa_deadline_begin(deadlines, &short_one, -1, SHUT_RD, 1);
	assert_false(pa_deadline_end(deadlines, &short_one));
	assert_false(pa_deadline_end(deadlines, &long_one));
	struct pollfd readable = {.fd = pair->accepted, .events = POLLIN};
	assert_int_equal(poll(&readable, 1, 0), 0);
	pa_deadlines_close(deadlines);
}

/* A deadline that has passed stays in the list until its worker ends it: later ones must pass all the same. */
static void HT_18_a_deadline_passes_after_another_one(void **state)
{
	struct pair *pair = *state;
	struct pa_deadlines *deadlines = pa_deadlines_open();
	struct pa_deadline first, second;

	assert_non_null(deadlines);
	pa_deadline_begin(deadlines, &first, pair->accepted, SHUT_RD, 10);
	assert_true(ended(pair->accepted));
	pa_deadline_begin(deadlines, &second, pair->client, SHUT_RD, 10);
	assert_true(ended(pair->client));
	assert_true(pa_deadline_end(deadlines, &first));
	assert_true(pa_deadline_end(deadlines, &second));
	pa_deadlines_close(deadlines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test_setup_teardown(HT_29_a_taken_port_names_the_process_and_the_setting, set_up, tear_down),
		cmocka_unit_test(HT_29_a_socket_for_IPv6_is_found_too),
		cmocka_unit_test(HT_29_other_reasons),
		cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
		cmocka_unit_test_setup_teardown(HT_19_the_connections_of_a_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(HT_18_a_socket_after_a_gap_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(HT_18_a_deadline_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deadline_ends_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(HT_18_a_deadline_passes_after_another_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
