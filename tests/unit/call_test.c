/* Calls out: one driver for all threads, and what its end does to those that run. */
#include "client/call.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stats.h"
#include "client/http.h"

enum { THREADS = 16, EACH = 20 };

/* An upstream that answers one request after the other, or none. */
struct upstream {
	int listener;
	char origin[64], url[80];
	bool is_silent;
	atomic_int accepted;
	pthread_t thread;
};

static void serve(const struct upstream *upstream, int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	char bytes[4096];

	while (recv(fd, bytes, sizeof bytes, 0) > 0)
		if (!upstream->is_silent && send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
			break;
	close(fd);
}

struct connection {
	const struct upstream *upstream;
	int fd;
	pthread_t thread;
};

static void *serve_one(void *context)
{
	const struct connection *connection = context;

	serve(connection->upstream, connection->fd);
	return NULL;
}

static void *accept_all(void *context)
{
	struct connection connections[64];
	struct upstream *upstream = context;
	size_t count = 0;

	while (count < 64) {
		int fd = accept(upstream->listener, NULL, NULL);
		if (fd < 0)
			break;
		connections[count] = (struct connection){.upstream = upstream, .fd = fd};
		atomic_fetch_add(&upstream->accepted, 1);
		if (pthread_create(&connections[count].thread, NULL, serve_one, &connections[count]) != 0)
			close(fd);
		else
			count++;
	}
	for (size_t i = 0; i < count; i++)
		pthread_join(connections[i].thread, NULL);
	return NULL;
}

static void open_upstream(struct upstream *upstream, bool is_silent)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	*upstream = (struct upstream){.is_silent = is_silent};
	upstream->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(upstream->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(upstream->listener, 64), 0);
	assert_int_equal(getsockname(upstream->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(upstream->origin, sizeof upstream->origin, "http://127.0.0.1:%u", ntohs(address.sin_port));
	snprintf(upstream->url, sizeof upstream->url, "%s/", upstream->origin);
	assert_int_equal(pthread_create(&upstream->thread, NULL, accept_all, upstream), 0);
}

/* Call when all connections to it are closed. */
static void close_upstream(struct upstream *upstream)
{
	shutdown(upstream->listener, SHUT_RDWR);
	pthread_join(upstream->thread, NULL);
	close(upstream->listener);
}

static struct pa_http *open_http(const struct upstream *upstream, unsigned calls_max)
{
	const struct pa_http_options options = {.allow = upstream->origin, .calls_max = calls_max};
	struct pa_error error;
	struct pa_http *http = pa_http_open(&options, &error);

	assert_non_null(http);
	return http;
}

static struct pa_call *prepare(struct pa_http *http, const struct upstream *upstream, size_t count)
{
	struct pa_transfer_options options = {
		.url = pa_text_span(upstream->url),
		.method = pa_text_span("GET"),
		.timeout_ms = 60000,
		.connect_ms = 60000,
		.bytes_max = 100,
	};
	struct pa_error error;
	struct pa_call *call = pa_http_lease(http, count, &error);

	assert_non_null(call);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pa_transfer_prepare(pa_call_transfer(call, i), &options, &error), 0);
	return call;
}

/* Runs and returns the call. 0 when all of its transfers were answered, else -1 with *error. */
static int run(struct pa_call *call, size_t count, struct pa_admission *admission, struct pa_error *error)
{
	struct pa_answer answer;
	int result = 0;

	pa_call_run(call, admission);
	for (size_t i = 0; i < count; i++)
		if (pa_transfer_answer(pa_call_transfer(call, i), &answer, error) < 0)
			result = -1;
		else if (answer.status != 200 || answer.body.length != 5)
			result = pa_error_set(error, "other", "another answer");
	pa_call_return(call);
	return result;
}

static void assert_answered(struct pa_http *http, const struct upstream *upstream)
{
	struct pa_error error;

	assert_int_equal(run(prepare(http, upstream, 1), 1, NULL, &error), 0);
}

struct caller {
	struct pa_http *http;
	const struct upstream *upstream;
	struct pa_admission *admission;
	size_t times;
	int result;
	struct pa_error error;
	pthread_t thread;
};

static void *make_calls(void *context)
{
	struct caller *caller = context;

	for (size_t i = 0; i < caller->times && caller->result == 0; i++) {
		pa_admission_enter(caller->admission);
		size_t count = 1 + i % 3;
		caller->result = run(prepare(caller->http, caller->upstream, count), count, caller->admission, &caller->error);
		pa_admission_leave(caller->admission);
	}
	return NULL;
}

static void SS_10_calls_of_many_threads_share_connections(void **state)
{
	struct upstream upstream;
	struct caller callers[THREADS];
	struct pa_admission *admission = pa_admission_open();

	(void)state;
	assert_non_null(admission);
	open_upstream(&upstream, false);
	struct pa_http *http = open_http(&upstream, 0);
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.http = http, .upstream = &upstream, .admission = admission, .times = EACH};
		assert_int_equal(pthread_create(&callers[i].thread, NULL, make_calls, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].result, 0);
	}
	assert_in_range(atomic_load(&upstream.accepted), 1, 3 * THREADS);
	int before = atomic_load(&upstream.accepted);
	assert_answered(http, &upstream);
	assert_int_equal(atomic_load(&upstream.accepted), before);
	assert_int_equal(pa_stats_read(PA_STAT_CALLS_RUNNING), 0);
	pa_http_close(http);
	close_upstream(&upstream);
	pa_admission_close(admission);
}

static void services_share_no_connection(void **state)
{
	struct upstream upstream;

	(void)state;
	open_upstream(&upstream, false);
	struct pa_http *one = open_http(&upstream, 0), *two = open_http(&upstream, 0);
	assert_answered(one, &upstream);
	assert_answered(two, &upstream);
	assert_int_equal(atomic_load(&upstream.accepted), 2);
	pa_http_close(one);
	assert_answered(two, &upstream);
	assert_int_equal(atomic_load(&upstream.accepted), 2);
	pa_http_close(two);
	close_upstream(&upstream);
}

static void a_call_that_could_not_begin_says_so(void **state)
{
	struct upstream upstream;
	struct pa_answer answer;
	struct pa_error error;

	(void)state;
	open_upstream(&upstream, false);
	struct pa_http *http = open_http(&upstream, 0);
	struct pa_call *call = prepare(http, &upstream, 1); /* and no thread runs it */
	assert_int_equal(pa_transfer_answer(pa_call_transfer(call, 0), &answer, &error), -1);
	assert_string_equal(error.code, "http");
	assert_non_null(strstr(error.text, "no thread"));
	assert_int_equal(pa_transfer_was_sent(pa_call_transfer(call, 0)), PA_TRANSFER_NOT_SENT);
	pa_call_return(call);
	pa_http_close(http);
	close_upstream(&upstream);
}

static void RT_12_one_more_call_than_may_run_is_busy(void **state)
{
	struct upstream upstream;
	struct pa_error error;

	(void)state;
	open_upstream(&upstream, false);
	struct pa_http *http = open_http(&upstream, 1);
	struct pa_call *call = prepare(http, &upstream, 1);
	assert_null(pa_http_lease(http, 1, &error));
	assert_string_equal(error.code, "busy");
	assert_int_equal(run(call, 1, NULL, &error), 0);
	assert_answered(http, &upstream);
	pa_http_close(http);
	close_upstream(&upstream);
}

/* They wait for an upstream that is silent: nothing but the cancel ends them. */
static void OP_01_a_cancel_ends_calls_that_run_and_later_ones(void **state)
{
	struct upstream upstream;
	struct caller callers[THREADS];
	struct pa_error error;

	(void)state;
	open_upstream(&upstream, true);
	struct pa_http *http = open_http(&upstream, 0);
	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.http = http, .upstream = &upstream, .admission = pa_admission_open(), .times = 1};
		assert_non_null(callers[i].admission);
		assert_int_equal(pthread_create(&callers[i].thread, NULL, make_calls, &callers[i]), 0);
	}
	while (atomic_load(&upstream.accepted) == 0)
		usleep(1000);
	pa_http_cancel(http);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].result, -1);
		assert_string_equal(callers[i].error.code, "cancelled");
		pa_admission_close(callers[i].admission);
	}
	assert_int_equal(run(prepare(http, &upstream, 2), 2, NULL, &error), -1);
	assert_string_equal(error.code, "cancelled");
	pa_http_close(http);
	close_upstream(&upstream);
}

static void a_call_that_nobody_waits_for_is_returned_at_its_end_or_at_the_close(void **state)
{
	struct upstream silent, upstream;

	(void)state;
	open_upstream(&silent, true);
	struct pa_http *http = open_http(&silent, 0);
	pa_call_run_alone(prepare(http, &silent, 3));
	while (atomic_load(&silent.accepted) < 3)
		usleep(1000);
	assert_int_equal(pa_stats_read(PA_STAT_CALLS_RUNNING), 1);
	pa_http_close(http);
	close_upstream(&silent);
	assert_int_equal(pa_stats_read(PA_STAT_CALLS_RUNNING), 0);

	open_upstream(&upstream, false);
	http = open_http(&upstream, 0);
	pa_call_run_alone(prepare(http, &upstream, 1));
	while (pa_stats_read(PA_STAT_CALLS_RUNNING) > 0)
		usleep(1000);
	pa_http_close(http);
	close_upstream(&upstream);
	assert_int_equal(pa_stats_read(PA_STAT_LEAKED), 0);
}

static void a_service_that_made_no_call_closes(void **state)
{
	struct upstream upstream;

	(void)state;
	open_upstream(&upstream, false);
	struct pa_http *http = open_http(&upstream, 0);
	pa_call_return(prepare(http, &upstream, 1));
	pa_http_close(http);
	close_upstream(&upstream);
	pa_http_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SS_10_calls_of_many_threads_share_connections),
		cmocka_unit_test(services_share_no_connection),
		cmocka_unit_test(a_call_that_could_not_begin_says_so),
		cmocka_unit_test(RT_12_one_more_call_than_may_run_is_busy),
		cmocka_unit_test(OP_01_a_cancel_ends_calls_that_run_and_later_ones),
		cmocka_unit_test(a_call_that_nobody_waits_for_is_returned_at_its_end_or_at_the_close),
		cmocka_unit_test(a_service_that_made_no_call_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
