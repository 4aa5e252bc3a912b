/* A server on a socket: what ends at a deadline, here a short one, and what is answered when all workers are busy. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "server/server.h"

enum {
	LARGE = 32 << 20, /* more than the buffers of two sockets take */
	PATIENCE_MS = 60000,
};

struct fixture {
	struct pa_server *server;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned held; /* requests to /hold that wait */
	unsigned next; /* requests to /next */
	bool released;
};

static void hold(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->mutex);
	fixture->held++;
	pthread_cond_broadcast(&fixture->changed);
	while (!fixture->released)
		pthread_cond_wait(&fixture->changed, &fixture->mutex);
	pthread_mutex_unlock(&fixture->mutex);
}

static void release(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->mutex);
	fixture->released = true;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->mutex);
}

static void wait_until_held(struct fixture *fixture, unsigned count)
{
	pthread_mutex_lock(&fixture->mutex);
	while (fixture->held < count)
		pthread_cond_wait(&fixture->changed, &fixture->mutex);
	pthread_mutex_unlock(&fixture->mutex);
}

static void count_next(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->mutex);
	fixture->next++;
	pthread_mutex_unlock(&fixture->mutex);
}

static bool is(const struct pa_request *request, const char *path)
{
	return pa_text_equal(request->path, pa_text_span(path));
}

static void answer(void *context, const struct pa_request *request, struct pa_response *response)
{
	static const char large[LARGE];

	if (is(request, "/hold"))
		hold(context);
	if (is(request, "/next"))
		count_next(context);
	pa_response_text(response, 200, "fine");
	if (is(request, "/large"))
		pa_response_body(response, large, sizeof large);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (!fixture)
		return -1;
	pthread_mutex_init(&fixture->mutex, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	release(fixture);
	pa_server_close(fixture->server);
	pthread_cond_destroy(&fixture->changed);
	pthread_mutex_destroy(&fixture->mutex);
	free(fixture);
	return 0;
}

static void serve(struct fixture *fixture, struct pa_server_options options)
{
	struct pa_error error;

	options.name = "test";
	options.listen = "127.0.0.1:0";
	options.handle = answer;
	options.context = fixture;
	fixture->server = pa_server_open(&options, &error);
	if (!fixture->server)
		fail_msg("%s", error.text);
}

static int dial(const struct fixture *fixture)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	address.sin_port = htons((uint16_t)pa_server_port(fixture->server));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static int ask(const struct fixture *fixture, const char *path)
{
	char request[128];
	int fd = dial(fixture);

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	say(fd, request);
	return fd;
}

static bool is_readable(int fd, int ms)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	return poll(&readable, 1, ms) == 1;
}

/* Reads until the server closes the connection: how many bytes came. The first of them are put into `text`. */
static size_t read_all(int fd, char *text, size_t size)
{
	char bytes[16384];
	size_t total = 0;

	for (;;) {
		assert_true(is_readable(fd, PATIENCE_MS));
		ssize_t got = read(fd, bytes, sizeof bytes);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++, total++)
			if (total < size - 1)
				text[total] = bytes[i];
	}
	text[total < size ? total : size - 1] = '\0';
	close(fd);
	return total;
}

static void assert_status(int fd, const char *status)
{
	char text[1024];

	read_all(fd, text, sizeof text);
	if (strncmp(text, "HTTP/1.1 ", 9) != 0 || strncmp(text + 9, status, 3) != 0)
		fail_msg("not %s: %s", status, text);
}

/* Sends `text`, and from then on the letter a, byte by byte and slowly, until the server answers or closes. */
static void dribble(int fd, const char *text)
{
	for (int sent = 0; !is_readable(fd, 20); sent++) {
		assert_true(sent < PATIENCE_MS / 20);
		send(fd, *text ? text : "a", 1, MSG_NOSIGNAL);
		text += *text != '\0';
	}
}

static void HT_18_a_head_that_comes_byte_by_byte_ends_at_its_deadline(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 2, .header_ms = 300});
	int fd = dial(*state);

	dribble(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
	assert_status(fd, "408");
}

static void HT_18_a_body_that_comes_byte_by_byte_ends_at_its_deadline(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 2, .body_ms = 300});
	int fd = dial(*state);

	say(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
	dribble(fd, "");
	assert_status(fd, "408");
}

static void HT_16_a_chunk_that_never_ends_meets_the_deadline(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 2, .body_ms = 300});
	int fd = dial(*state);

	say(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc");
	assert_status(fd, "408");
}

static void HT_16_after_a_trailer_the_connection_ends(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 2});
	int fd = dial(*state);
	char text[1024];

	say(fd,
		"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: a\r\n\r\n"
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	read_all(fd, text, sizeof text);
	assert_int_equal(strncmp(text, "HTTP/1.1 ", 9), 0);
	assert_null(strstr(text + 1, "HTTP/1.1 "));
}

/* The one worker is free for the next request though the first client has read nothing. civetweb ends a write that
 * makes no progress for header_ms. */
static void HT_18_a_reader_that_takes_nothing_ends_at_the_deadline(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 1, .header_ms = 10 * PATIENCE_MS, .write_ms = 300});
	int fd = ask(*state, "/large");
	char text[1024];

	assert_true(is_readable(fd, PATIENCE_MS));
	assert_status(ask(*state, "/"), "200");
	assert_true(read_all(fd, text, sizeof text) < LARGE);
	assert_non_null(strstr(text, "\r\nContent-Length: 33554432\r\n"));
}

/* A client that reads on would take the next response for the rest of this one. */
static void HT_18_after_a_part_of_a_response_the_connection_ends(void **state)
{
	struct fixture *fixture = *state;
	char text[1024];

	serve(fixture, (struct pa_server_options){.workers = 8, .header_ms = 300, .idle_ms = 100});
	int fd = dial(fixture);
	say(fd, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\nGET /next HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(is_readable(fd, PATIENCE_MS));
	while (!pa_server_wait(fixture->server, 50))
		; /* until civetweb ends the write */
	assert_true(read_all(fd, text, sizeof text) < LARGE);
	pthread_mutex_lock(&fixture->mutex);
	unsigned next = fixture->next;
	pthread_mutex_unlock(&fixture->mutex);
	assert_int_equal(next, 0);
}

static void HT_18_a_connection_without_a_next_request_is_closed(void **state)
{
	serve(*state, (struct pa_server_options){.workers = 8, .idle_ms = 100});
	int fd = ask(*state, "/");
	char text[1024];

	read_all(fd, text, sizeof text);
	assert_non_null(strstr(text, "\r\nConnection: keep-alive\r\n"));
}

static void HT_19_when_all_other_workers_are_busy_one_says_so(void **state)
{
	enum { WORKERS = 16, HELD = WORKERS - 1 };
	int held[HELD];
	char text[1024];

	serve(*state, (struct pa_server_options){.workers = WORKERS, .idle_ms = 100});
	assert_true(pa_server_has_room(((struct fixture *)*state)->server));
	for (int i = 0; i < HELD; i++)
		held[i] = ask(*state, "/hold");
	wait_until_held(*state, HELD);
	assert_false(pa_server_has_room(((struct fixture *)*state)->server));
	read_all(ask(*state, "/"), text, sizeof text);
	assert_int_equal(strncmp(text, "HTTP/1.1 503 ", 13), 0);
	assert_non_null(strstr(text, "\r\nRetry-After: "));
	assert_status(ask(*state, "/healthz"), "200");
	release(*state);
	for (int i = 0; i < HELD; i++)
		assert_status(held[i], "200");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(HT_18_a_head_that_comes_byte_by_byte_ends_at_its_deadline),
		CASE(HT_18_a_body_that_comes_byte_by_byte_ends_at_its_deadline),
		CASE(HT_18_a_reader_that_takes_nothing_ends_at_the_deadline),
		CASE(HT_18_after_a_part_of_a_response_the_connection_ends),
		CASE(HT_18_a_connection_without_a_next_request_is_closed),
		CASE(HT_16_a_chunk_that_never_ends_meets_the_deadline),
		CASE(HT_16_after_a_trailer_the_connection_ends),
		CASE(HT_19_when_all_other_workers_are_busy_one_says_so),
	};

	signal(SIGPIPE, SIG_IGN);
	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
