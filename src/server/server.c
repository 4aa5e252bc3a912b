/* civetweb, made strict. */
#include "server/server.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "server/body.h"
#include "server/deadline.h"
#include "server/faults.h"
#include "server/gate.h"
#include "server/head.h"
#include "server/listen.h"
#include "server/request_id.h"
#include "server/socket.h"

enum {
	HEAD_MAX = 16 << 10,
	TARGET_MAX = 8 << 10,
	BODY_MAX_DEFAULT = 1 << 20,
	HEADER_MS = 10000,
	BODY_MS = 15000,
	WRITE_MS = 30000,
	IDLE_MS = 5000,
	ONE_WRITE_MAX = 64 << 10, /* a larger body is not copied behind its head */
};

struct pa_server {
	struct mg_context *civetweb;
	struct pa_server_options options; /* defaults filled in */
	unsigned port;
	struct pa_deadlines *deadlines;
	struct pa_request_ids ids;
	_Atomic unsigned in_flight, connections;
	atomic_bool draining;
	pthread_mutex_t mutex; /* for `idle` */
	pthread_cond_t idle;   /* draining and nothing in flight */
};

/* What a worker thread keeps from request to request. */
struct worker {
	struct pa_request request;
	struct pa_response response;
	struct pa_buffer body, out;
	struct pa_date date;
	const char *buffer; /* where civetweb puts the head of a request: the lowest place seen */
	char path[TARGET_MAX + 1];
};

/* Reading */

/* Leaves what comes after this request unread: it might be a body that was taken for a request. */
static void close_after(struct mg_connection *connection, struct pa_response *response)
{
	response->close = true;
	mg_disable_connection_keep_alive(connection);
}

static bool keeps_alive(const struct mg_request_info *info, const struct pa_request *request)
{
	struct pa_span connection = pa_request_header(request, "connection");

	if (connection.at)
		return strcasestr(connection.at, "keep-alive") != NULL; /* as civetweb will decide; the value is terminated */
	return strcmp(info->http_version, "1.1") == 0;
}

static struct pa_verdict read_head(struct pa_server *server, const struct mg_request_info *info, struct worker *worker,
	struct pa_body_framing *framing)
{
	struct pa_request *request = &worker->request;
	struct pa_verdict verdict;

	request->method = pa_text_span(info->request_method);
	request->target = pa_text_span(info->request_uri);
	if (info->query_string) /* civetweb put a NUL where the '?' was */
		request->target.length = (size_t)(info->query_string - info->request_uri) + strlen(info->query_string);
	request->body = (struct pa_span){0};
	request->header_count = 0;
	request->ip = pa_text_span(info->remote_addr);
	if (!pa_gate_begins(info->request_method, &worker->buffer))
		return (struct pa_verdict){400, "white space before the request line"};
	if (info->num_headers > PA_HEADERS_MAX)
		return (struct pa_verdict){431, "too many headers"};
	request->header_count = (size_t)info->num_headers;
	for (int i = 0; i < info->num_headers; i++)
		request->headers[i] =
			(struct pa_header){pa_text_span(info->http_headers[i].name), pa_text_span(info->http_headers[i].value)};
	verdict = pa_gate_layout(request, info->http_version + strlen(info->http_version) + 2);
	if (verdict.status == 0)
		verdict = pa_gate_headers(
			request, server->options.hosts, server->options.host_count, server->options.body_max, framing);
	return verdict;
}

static struct pa_verdict read_target(const struct mg_request_info *info, struct worker *worker)
{
	struct pa_request *request = &worker->request;

	if (request->target.length > TARGET_MAX)
		return (struct pa_verdict){414, "the request target is too long"};
	if (info->query_string)
		*((char *)(uintptr_t)info->query_string - 1) = '?'; /* the gate reads the target as it was sent */
	return pa_gate_target(request, worker->path);
}

static struct pa_verdict read_body(struct mg_connection *connection, const struct pa_server *server,
	struct worker *worker, const struct pa_body_framing *framing)
{
	const struct pa_body_limits limits = {
		server->options.body_max, server->options.body_ms, server->port, server->deadlines};
	struct pa_verdict verdict = pa_body_read(connection, framing, &limits, &worker->body);

	if (verdict.status == 0 && framing->kind != PA_BODY_NONE)
		worker->request.body = (struct pa_span){worker->body.at ? worker->body.at : "", worker->body.length};
	return verdict;
}

/* Writing */

/* A large body may be read slowly on purpose: its write has a deadline. */
static void write_large(struct mg_connection *connection, struct pa_server *server, const struct worker *worker,
	const struct pa_response *response)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_deadline deadline;
	int fd = pa_socket_find(info->remote_addr, (unsigned)info->remote_port, server->port);

	if (fd < 0) {
		mg_disable_connection_keep_alive(connection);
		return;
	}
	pa_deadline_begin(server->deadlines, &deadline, fd, SHUT_RDWR, server->options.write_ms);
	if (mg_write(connection, worker->out.at, worker->out.length) > 0)
		mg_write(connection, response->body.at, response->body.length);
	if (pa_deadline_end(server->deadlines, &deadline))
		mg_disable_connection_keep_alive(connection);
}

static void send_faulty(struct mg_connection *connection, struct pa_server *server, struct worker *worker)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_response *response = &worker->response;
	size_t head = worker->out.length;
	int fd = pa_socket_find(info->remote_addr, (unsigned)info->remote_port, server->port);
	bool kept = fd >= 0 && pa_buffer_add(&worker->out, response->body.at, response->body.length) == 0 &&
				pa_faults_send(fd, response->fault, &worker->out, head, &server->draining);

	if (!kept)
		mg_disable_connection_keep_alive(connection);
}

static void send_response(struct mg_connection *connection, struct pa_server *server, struct worker *worker)
{
	struct pa_response *response = &worker->response;
	bool bodiless = pa_head_is_bodiless(response->status) ||
					(worker->request.method.length == 4 && memcmp(worker->request.method.at, "HEAD", 4) == 0);

	if (response->close)
		mg_disable_connection_keep_alive(connection);
	int failed = pa_head_write(&worker->out, &worker->date, worker->request.id, server->options.https, response);
	if (!failed && response->fault && server->options.faults) {
		send_faulty(connection, server, worker);
		return;
	}
	bool large = !bodiless && response->body.length > ONE_WRITE_MAX;
	if (!failed && !bodiless && !large)
		failed = pa_buffer_add(&worker->out, response->body.at, response->body.length);
	if (failed)
		mg_disable_connection_keep_alive(connection);
	else if (large)
		write_large(connection, server, worker, response);
	else
		mg_write(connection, worker->out.at, worker->out.length);
}

/* Answering */

/* What the handler never saw: counted, and told to the observer. */
static void refuse(
	struct mg_connection *connection, const struct pa_server *server, struct worker *worker, struct pa_verdict verdict)
{
	char text[160];

	snprintf(text, sizeof text, "%s\n", verdict.reason);
	if (verdict.status == 503) {
		pa_response_unavailable(&worker->response, text);
	} else {
		pa_response_text(&worker->response, verdict.status, text);
		pa_stats_add(PA_STAT_REFUSED, 1);
	}
	close_after(connection, &worker->response);
	if (server->options.observe)
		server->options.observe(server->options.context, &worker->request, verdict.status, verdict.reason);
}

static bool is_health(const struct pa_request *request)
{
	return pa_text_equal(request->path, pa_text_span("/healthz"));
}

/* A sixteenth of the workers is reserved to answer 503 and /healthz (HT-19). */
static bool has_room(const struct pa_server *server, unsigned in_flight)
{
	return in_flight <= server->options.workers - server->options.workers / 16;
}

static struct pa_verdict read_request(struct mg_connection *connection, const struct mg_request_info *info,
	struct pa_server *server, struct worker *worker, unsigned in_flight)
{
	struct pa_body_framing framing;
	struct pa_verdict verdict = read_head(server, info, worker, &framing);

	pa_request_id_set(&server->ids, &worker->request);
	if (verdict.status == 0)
		verdict = read_target(info, worker);
	if (verdict.status != 0)
		return verdict;
	if (atomic_load_explicit(&server->draining, memory_order_relaxed))
		return (struct pa_verdict){503, "the server is stopping"};
	if (!has_room(server, in_flight) && !is_health(&worker->request))
		return (struct pa_verdict){503, "the server is busy"};
	return read_body(connection, server, worker, &framing);
}

static void respond(struct mg_connection *connection, const struct mg_request_info *info, struct pa_server *server,
	struct worker *worker, unsigned in_flight)
{
	pa_response_reset(&worker->response);
	struct pa_verdict verdict = read_request(connection, info, server, worker, in_flight);
	if (verdict.status != 0) {
		refuse(connection, server, worker, verdict);
		return;
	}
	if (is_health(&worker->request)) /* whatever the scripts are doing (OP-03) */
		pa_response_text(&worker->response, 200, "ok\n");
	else
		server->options.handle(server->options.context, &worker->request, &worker->response);
	if (worker->response.status == 0)
		pa_response_text(&worker->response, 500, "no answer\n");
	unsigned connections = atomic_load_explicit(&server->connections, memory_order_relaxed);
	if (!keeps_alive(info, &worker->request) || connections > server->options.workers / 4 * 3 ||
		atomic_load_explicit(&server->draining, memory_order_relaxed))
		worker->response.close = true;
}

static void leave(struct pa_server *server)
{
	unsigned left = atomic_fetch_sub(&server->in_flight, 1) - 1;

	if (left > 0 || !atomic_load(&server->draining))
		return;
	pthread_mutex_lock(&server->mutex);
	pthread_cond_broadcast(&server->idle);
	pthread_mutex_unlock(&server->mutex);
}

static void count_request(const struct pa_server *server, const struct worker *worker, int64_t begun_ns)
{
	double seconds = (double)(pa_clock_ns() - begun_ns) / 1e9;

	pa_stats_add(PA_STAT_REQUESTS, 1);
	pa_stats_add((enum pa_stat)(PA_STAT_REQUESTS + worker->response.status / 100), 1);
	pa_stats_observe(seconds);
	if (!pa_log_wants(PA_LOG_DEBUG))
		return;
	char status[16], ms[32], path[256];
	snprintf(status, sizeof status, "%d", worker->response.status);
	snprintf(ms, sizeof ms, "%.2f", seconds * 1e3);
	snprintf(path, sizeof path, "%.*s", (int)worker->request.path.length, worker->request.path.at);
	pa_log(PA_LOG_DEBUG, server->options.name, worker->request.id, "answered", "method", worker->request.method.at,
		"path", path, "status", status, "ms", ms, NULL);
}

/* civetweb's begin_request: everything is answered here, so nothing of its own file serving is ever reached (HT-21). */
static int begin_request(struct mg_connection *connection)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct worker *worker = mg_get_thread_pointer(connection);

	if (!worker) {
		mg_disable_connection_keep_alive(connection);
		return 503;
	}
	unsigned in_flight = atomic_fetch_add(&server->in_flight, 1) + 1;
	int64_t begun_ns = pa_clock_ns();
	respond(connection, info, server, worker, in_flight);
	send_response(connection, server, worker);
	count_request(server, worker, begun_ns);
	leave(server);
	return 200; /* 401 would make civetweb close the connection */
}

/* What civetweb refuses by itself, as our other refusals look. */
static int http_error(struct mg_connection *connection, int status, const char *message)
{
	char text[512];

	(void)message;
	if (status == 411) /* what it says to a Content-Length that is no number */
		status = 400;
	int length = snprintf(text, sizeof text,
		"HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
		"Referrer-Policy: no-referrer\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
		status, pa_head_reason(status), strlen(pa_head_reason(status)) + 1, pa_head_reason(status));
	mg_disable_connection_keep_alive(connection);
	mg_write(connection, text, (size_t)length);
	pa_stats_add(PA_STAT_REFUSED, 1);
	return 0;
}

static void *init_thread(const struct mg_context *context, int type)
{
	(void)context;
	return type == 1 ? calloc(1, sizeof(struct worker)) : NULL;
}

static void exit_thread(const struct mg_context *context, int type, void *pointer)
{
	struct worker *worker = pointer;

	(void)context;
	if (type != 1 || !worker)
		return;
	pa_response_free(&worker->response);
	pa_buffer_free(&worker->body);
	pa_buffer_free(&worker->out);
	free(worker);
}

static int init_connection(const struct mg_connection *connection, void **data)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));

	(void)data;
	atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
	return 0;
}

static void connection_closed(const struct mg_connection *connection)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));

	atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
}

static int log_message(const struct mg_connection *connection, const char *message)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));

	pa_log(PA_LOG_DEBUG, server ? server->options.name : NULL, NULL, message, NULL);
	return 1;
}

/* Opening and closing */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	mg_init_library(0);
}

static int start_civetweb(struct pa_server *server, const char *port, struct pa_error *error)
{
	const struct pa_server_options *options = &server->options;
	char workers[16], header[16], idle[16], head[16];
	const char *settings[] = {"listening_ports", port, "num_threads", workers, "request_timeout_ms", header,
		"keep_alive_timeout_ms", idle, "max_request_size", head, "enable_keep_alive", "yes", "tcp_nodelay", "1",
		"connection_queue", "1024", "listen_backlog", "1024", "decode_url", "no", "decode_query_string", "no",
		"enable_directory_listing", "no", NULL};
	const struct mg_callbacks callbacks = {.begin_request = begin_request,
		.http_error = http_error,
		.init_thread = init_thread,
		.exit_thread = exit_thread,
		.init_connection = init_connection,
		.connection_closed = connection_closed,
		.log_message = log_message};
	struct mg_server_port listening;

	snprintf(workers, sizeof workers, "%u", options->workers);
	snprintf(header, sizeof header, "%u", options->header_ms);
	snprintf(idle, sizeof idle, "%u", options->idle_ms);
	snprintf(head, sizeof head, "%d", HEAD_MAX);
	server->civetweb = mg_start(&callbacks, server, settings);
	if (!server->civetweb) {
		if (pa_listen_is_busy(port))
			return pa_error_set(error, "busy", "cannot listen on %s: another program does", options->listen);
		return pa_error_set(error, "server", "cannot listen on %s with %u workers", options->listen, options->workers);
	}
	if (mg_get_server_ports(server->civetweb, 1, &listening) < 1)
		return pa_error_set(error, "server", "cannot tell the port of %s", options->listen);
	server->port = (unsigned)listening.port;
	return 0;
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

static void take_options(struct pa_server *server, const struct pa_server_options *options)
{
	server->options = *options;
	server->options.body_max = options->body_max ? options->body_max : BODY_MAX_DEFAULT;
	server->options.header_ms = or_default(options->header_ms, HEADER_MS);
	server->options.body_ms = or_default(options->body_ms, BODY_MS);
	server->options.write_ms = or_default(options->write_ms, WRITE_MS);
	server->options.idle_ms = or_default(options->idle_ms, IDLE_MS);
}

struct pa_server *pa_server_open(const struct pa_server_options *options, struct pa_error *error)
{
	struct pa_server *server = calloc(1, sizeof *server);
	char port[96];

	if (!server) {
		pa_error_set(error, "server", "not enough memory");
		return NULL;
	}
	pthread_once(&library_once, start_library);
	pthread_mutex_init(&server->mutex, NULL);
	pa_clock_condition(&server->idle);
	pa_request_ids_begin(&server->ids);
	take_options(server, options);
	server->deadlines = pa_deadlines_open();
	if (!server->deadlines) {
		pa_error_set(error, "server", "not enough memory");
		goto failed;
	}
	if (pa_listen_read(options->listen, port, sizeof port, error) < 0 || start_civetweb(server, port, error) < 0)
		goto failed;
	return server;

failed:
	pa_server_close(server);
	return NULL;
}

unsigned pa_server_port(const struct pa_server *server)
{
	return server->port;
}

void pa_server_drain(struct pa_server *server)
{
	atomic_store(&server->draining, true);
}

bool pa_server_wait(struct pa_server *server, unsigned milliseconds)
{
	struct timespec until = pa_clock_in(milliseconds);
	int waited = 0;

	pthread_mutex_lock(&server->mutex);
	while (atomic_load(&server->in_flight) > 0 && waited == 0)
		waited = pthread_cond_timedwait(&server->idle, &server->mutex, &until);
	pthread_mutex_unlock(&server->mutex);
	return atomic_load(&server->in_flight) == 0;
}

void pa_server_close(struct pa_server *server)
{
	if (!server)
		return;
	if (server->civetweb) {
		pa_socket_shut(server->port); /* mg_stop would wait up to two seconds for idle connections */
		mg_stop(server->civetweb);
	}
	pa_deadlines_close(server->deadlines);
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
