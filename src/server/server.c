/* Starts and stops civetweb and answers its requests. */
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
#include "server/exchange.h"
#include "server/health.h"
#include "server/listen.h"
#include "server/misdirected.h"
#include "server/peers.h"
#include "server/refused.h"
#include "server/socket.h"
#include "server/unparsed.h"

enum {
	BODY_MAX_DEFAULT = 1 << 20,
	HEADER_MS = 10000,
	BODY_MS = 15000,
	WRITE_MS = 30000,
	IDLE_MS = 5000,
	QUEUE = 1024,
};

/* What a worker thread uses for all its requests. */
struct worker {
	struct pa_exchange exchange;
	struct pa_peer peer;
	bool whole; /* its request is counted in server->whole */
	bool used;  /* its connection had a request before */
	bool last;  /* civetweb closes the connection after this request */
};

struct pa_server {
	struct mg_context *civetweb;
	struct pa_server_options options;
	struct pa_exchange_context shared; /* defaults filled in */
	unsigned port;                     /* it listens on; only for the thread that opened the server */
	struct pa_peers *peers;
	struct worker *workers; /* one block, which malloc maps: pages of workers without a request are never touched */
	_Atomic unsigned worker_count;
	_Atomic unsigned connections;
	_Atomic unsigned in_flight; /* requests whose head was read */
	_Atomic unsigned whole;     /* of those, whose body was read too */
	pthread_mutex_t mutex;      /* for `idle` */
	pthread_cond_t idle;        /* signalled when draining and no request is in flight */
};

/* Answering */

/* Answers without the handler; counts the refusal and tells the observer. */
static void refuse(const struct pa_server *server, struct pa_exchange *exchange, struct pa_verdict verdict)
{
	const struct pa_server_options *options = &server->options;
	struct pa_misdirected misdirected;
	char text[160];

	snprintf(text, sizeof text, "%s\n", verdict.reason);
	if (verdict.status == 503) {
		pa_response_unavailable(&exchange->response, text);
	} else if (verdict.status == 421) {
		pa_misdirected_explain(
			&exchange->request, options->public_url, options->hosts, options->host_count, &misdirected);
		pa_misdirected_respond(&exchange->request, options->public_url, &misdirected, &exchange->response);
		verdict.reason = misdirected.detail;
		pa_stats_add(PA_STAT_REFUSED, 1);
	} else {
		pa_refused_respond(&exchange->request, verdict.status, verdict.reason, &exchange->response);
		pa_stats_add(PA_STAT_REFUSED, 1);
	}
	exchange->response.close = true; /* bytes of a body that was not read must not be taken for a request */
	pa_request_set_refusal(&exchange->request, pa_text_span(verdict.reason));
	if (options->observe)
		options->observe(options->context, &exchange->request, verdict.status, verdict.reason);
}

static const struct pa_verdict busy = {503, "the server is busy"};

/* A sixteenth of the workers is reserved to answer 503 and /healthz (HT-19). server/peers keeps them free of
 * connections without a request. */
static bool has_room(const struct pa_server *server, unsigned whole)
{
	return whole <= server->options.workers - server->options.workers / 16;
}

/* The head is read. */
static struct pa_verdict read_body(struct mg_connection *connection, const struct pa_server *server,
	struct pa_exchange *exchange, const struct pa_body_framing *framing)
{
	const struct pa_server_options *options = &server->options;
	size_t bytes_max = options->body_max, length = framing->kind == PA_BODY_CHUNKED ? SIZE_MAX : framing->length;

	if (framing->kind != PA_BODY_NONE && options->limit && !pa_health_is(&exchange->request) &&
		options->limit(options->context, &exchange->request, length, &bytes_max) < 0)
		return busy;
	return pa_exchange_read_body(exchange, &server->shared, connection, framing, bytes_max);
}

static struct pa_verdict read_request(struct mg_connection *connection, struct pa_server *server, struct worker *worker)
{
	struct pa_exchange *exchange = &worker->exchange;
	struct pa_body_framing framing;
	struct pa_verdict verdict = pa_exchange_read_head(exchange, &server->shared, connection, &framing);

	if (verdict.status != 0)
		return verdict;
	if (atomic_load_explicit(&server->shared.draining, memory_order_relaxed))
		return (struct pa_verdict){503, "the server is stopping"};
	bool important = pa_health_is(&exchange->request);
	if (framing.kind != PA_BODY_NONE && !important && !has_room(server, atomic_load(&server->whole) + 1))
		return busy;
	verdict = read_body(connection, server, exchange, &framing);
	if (verdict.status != 0)
		return pa_peer_has_ended(&worker->peer) ? busy : verdict;
	pa_peer_answers(&worker->peer);
	worker->whole = true;
	return has_room(server, atomic_fetch_add(&server->whole, 1) + 1) || important ? verdict : busy;
}

static bool must_close(const struct mg_connection *connection, const struct pa_server *server, struct worker *worker)
{
	unsigned connections = atomic_load_explicit(&server->connections, memory_order_relaxed);

	return !pa_exchange_keeps_alive(&worker->exchange, connection) || connections > server->options.workers / 4 * 3 ||
		   pa_peer_has_ended(&worker->peer) || worker->last ||
		   atomic_load_explicit(&server->shared.draining, memory_order_relaxed);
}

/* The answer to OPTIONS *: what the server can do, whatever the path (RFC 9110 9.3.7). */
static void answer_options(struct pa_response *response)
{
	struct pa_error error;

	response->status = 204;
	if (pa_response_header(response, pa_text_span("Allow"), pa_text_span(PA_GATE_METHODS), &error) < 0)
		response->status = 500;
}

static void respond(struct mg_connection *connection, struct pa_server *server, struct worker *worker)
{
	struct pa_exchange *exchange = &worker->exchange;

	pa_response_reset(&exchange->response);
	struct pa_verdict verdict = read_request(connection, server, worker);
	if (verdict.status != 0) {
		refuse(server, exchange, verdict);
		return;
	}
	if (pa_health_is(&exchange->request))
		pa_health_respond(&exchange->response);
	else if (pa_text_is(exchange->request.path, "*"))
		answer_options(&exchange->response);
	else
		server->options.handle(server->options.context, &exchange->request, &exchange->response);
	if (exchange->response.status == 0)
		pa_response_text(&exchange->response, 500, "the handler made no response\n");
	exchange->response.close = exchange->response.close || must_close(connection, server, worker);
}

static void leave(struct pa_server *server)
{
	unsigned left = atomic_fetch_sub(&server->in_flight, 1) - 1;

	if (left > 0 || !atomic_load(&server->shared.draining))
		return;
	pthread_mutex_lock(&server->mutex);
	pthread_cond_broadcast(&server->idle);
	pthread_mutex_unlock(&server->mutex);
}

enum { PATH_MAX_LOGGED = 256 };

/* A page that asks again and again says so. A client cannot hide a request that changes something, or that failed. */
static void log_request(const struct pa_server *server, const struct pa_exchange *exchange, int64_t took_ns)
{
	const struct pa_request *request = &exchange->request;
	struct pa_span path = request->path;

	if (path.length > PATH_MAX_LOGGED)
		path.length = PATH_MAX_LOGGED;
	pa_log_answered(&(struct pa_log_request){.server = server->options.name,
		.id = request->id,
		.method = request->method,
		.path = path,
		.status = exchange->response.status,
		.took_ns = took_ns,
		.quiet = pa_health_is(request) || (exchange->response.status < 400 && pa_text_is(request->method, "GET") &&
											  pa_request_header(request, "x-live").at),
		.trail = request->trail});
}

static void count_request(const struct pa_server *server, const struct pa_exchange *exchange, int64_t begun_ns)
{
	int64_t took_ns = pa_clock_ns() - begun_ns;

	pa_stats_add(PA_STAT_REQUESTS, 1);
	pa_stats_add((enum pa_stat)(PA_STAT_REQUESTS + exchange->response.status / 100), 1);
	pa_stats_observe((double)took_ns / 1e9);
	if (pa_log_wants_requests())
		log_request(server, exchange, took_ns);
}

/* Whether to wait for a client that may still send what is too large: while other workers are free. */
static bool lingers(const struct pa_server *server, const struct worker *worker)
{
	int status = worker->exchange.response.status;

	return (status == 413 || status == 414 || status == 431) && worker->exchange.response.close && !worker->whole &&
		   has_room(server, atomic_load_explicit(&server->connections, memory_order_relaxed));
}

/* civetweb's begin_request: answers every request, so that civetweb's own file serving is never reached (HT-21). */
static int begin_request(struct mg_connection *connection)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct worker *worker = mg_get_thread_pointer(connection);

	if (!worker) { /* no memory when the thread began */
		mg_disable_connection_keep_alive(connection);
		return 503;
	}
	atomic_fetch_add(&server->in_flight, 1);
	int64_t begun_ns = pa_clock_ns();
	respond(connection, server, worker);
	pa_exchange_send(&worker->exchange, &server->shared, connection);
	count_request(server, &worker->exchange, begun_ns);
	if (lingers(server, worker))
		pa_exchange_linger(&server->shared, connection);
	if (worker->whole) {
		worker->whole = false;
		atomic_fetch_sub(&server->whole, 1);
		pa_peer_waits(&worker->peer);
	}
	worker->used = true;
	leave(server);
	return 200; /* the response is sent already; of these numbers civetweb looks at 401 only */
}

/* Whether the deadline of a head has passed. */
static bool is_late(const struct pa_server *server, const struct worker *worker)
{
	unsigned limit_ms = worker->used ? server->options.idle_ms : server->options.header_ms;

	return pa_peer_waited_ms(&worker->peer) >= limit_ms;
}

static struct pa_verdict judge(
	struct mg_connection *connection, struct pa_server *server, struct worker *worker, int status)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_verdict verdict = {0};
	struct pa_body_framing framing;

	if (pa_unparsed_is_split(info, status))
		verdict = pa_exchange_read_head(&worker->exchange, &server->shared, connection, &framing);
	else
		pa_exchange_read_nothing(&worker->exchange, &server->shared, connection);
	if (pa_peer_has_ended(&worker->peer))
		return busy;
	return verdict.status
			   ? verdict
			   : pa_unparsed_verdict(info, status, is_late(server, worker), pa_exchange_has_more(connection));
}

/* civetweb's http_error: what civetweb refuses by itself is answered, counted and logged as our own refusals are. */
static int http_error(struct mg_connection *connection, int status, const char *message)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct worker *worker = mg_get_thread_pointer(connection);
	int64_t begun_ns = pa_clock_ns();

	if (!worker)
		return 1; /* civetweb sends its own text */
	worker->last = true;
	if (strcmp(message, "Invalid URI") == 0) { /* all but the target is read: the gate knows better */
		begin_request(connection);
		return 0;
	}
	pa_response_reset(&worker->exchange.response);
	refuse(server, &worker->exchange, judge(connection, server, worker, status));
	pa_exchange_send(&worker->exchange, &server->shared, connection);
	count_request(server, &worker->exchange, begun_ns);
	if (lingers(server, worker))
		pa_exchange_linger(&server->shared, connection);
	return 0;
}

enum { WORKER_THREAD = 1 }; /* civetweb's type of thread */

static void *init_thread(const struct mg_context *context, int type)
{
	struct pa_server *server = mg_get_user_data(context);

	return type == WORKER_THREAD ? &server->workers[atomic_fetch_add(&server->worker_count, 1)] : NULL;
}

static void exit_thread(const struct mg_context *context, int type, void *pointer)
{
	struct worker *worker = pointer;

	(void)context;
	if (type != WORKER_THREAD || !worker)
		return;
	pa_exchange_free(&worker->exchange);
}

static int init_connection(const struct mg_connection *connection, void **data)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct worker *worker = mg_get_thread_pointer(connection);

	(void)data;
	atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
	if (!worker)
		return 0;
	worker->used = worker->last = false;
	pa_peer_begin(server->peers, &worker->peer, connection);
	return 0;
}

/* civetweb's connection_close, before the socket is closed. */
static void connection_close(const struct mg_connection *connection)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct worker *worker = mg_get_thread_pointer(connection);

	if (worker) {
		const struct mg_request_info *info = mg_get_request_info(connection);
		/* A request for * or for a URL of another port: civetweb would close the connection without an answer. */
		if (info && info->request_uri && !info->local_uri && !worker->last) {
			worker->last = true;
			begin_request((struct mg_connection *)(uintptr_t)connection);
		}
		pa_peer_end(server->peers, &worker->peer);
	}
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
	char workers[16], queue[16], header[16], idle[16], head[16];
	const char *settings[] = {"listening_ports", port, "num_threads", workers, "request_timeout_ms", header,
		"keep_alive_timeout_ms", idle, "max_request_size", head, "enable_keep_alive", "yes", "tcp_nodelay", "1",
		"connection_queue", queue, "listen_backlog", "1024", "decode_url", "no", "decode_query_string", "no",
		"enable_directory_listing", "no", NULL};
	const struct mg_callbacks callbacks = {.begin_request = begin_request,
		.http_error = http_error,
		.init_thread = init_thread,
		.exit_thread = exit_thread,
		.init_connection = init_connection,
		.connection_close = connection_close,
		.log_message = log_message};
	struct mg_server_port listening;

	snprintf(workers, sizeof workers, "%u", options->workers);
	snprintf(queue, sizeof queue, "%u", options->queue);
	snprintf(header, sizeof header, "%u", options->header_ms);
	snprintf(idle, sizeof idle, "%u", options->idle_ms);
	snprintf(head, sizeof head, "%d", PA_GATE_BUFFER);
	server->civetweb = mg_start(&callbacks, server, settings);
	if (!server->civetweb) {
		if (pa_listen_try(options->listen, options->listen_setting, error) < 0)
			return -1;
		return pa_error_set(error, "server", "cannot start %u threads to listen on %s: set WORKERS to fewer",
			options->workers, options->listen);
	}
	if (mg_get_server_ports(server->civetweb, 1, &listening) < 1)
		return pa_error_set(error, "server", "cannot find the port of %s", options->listen);
	server->port = (unsigned)listening.port;
	return 0;
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value ? value : otherwise;
}

static void set_options(struct pa_server *server, const struct pa_server_options *options)
{
	struct pa_exchange_context *shared = &server->shared;

	server->options = *options;
	server->options.listen_setting = options->listen_setting ? options->listen_setting : "LISTEN";
	server->options.queue = or_default(options->queue, QUEUE);
	server->options.header_ms = or_default(options->header_ms, HEADER_MS);
	server->options.idle_ms = or_default(options->idle_ms, IDLE_MS);
	shared->hosts = options->hosts;
	shared->host_count = options->host_count;
	server->options.body_max = options->body_max ? options->body_max : BODY_MAX_DEFAULT;
	shared->body_ms = or_default(options->body_ms, BODY_MS);
	shared->write_ms = or_default(options->write_ms, WRITE_MS);
	shared->https = options->https;
	shared->faults = options->faults;
	shared->record = options->record;
	shared->record_context = options->record_context;
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
	pa_request_ids_begin(&server->shared.ids);
	set_options(server, options);
	server->shared.deadlines = pa_deadlines_open();
	server->peers = pa_peers_open(options->name, options->workers);
	server->workers = calloc(server->options.workers, sizeof *server->workers);
	if (!server->shared.deadlines || !server->peers || !server->workers) {
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

bool pa_server_has_room(const struct pa_server *server)
{
	return !atomic_load(&server->shared.draining) && has_room(server, atomic_load(&server->whole) + 1);
}

void pa_server_drain(struct pa_server *server)
{
	atomic_store(&server->shared.draining, true);
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
	pa_peers_close(server->peers);
	free(server->workers);
	pa_deadlines_close(server->shared.deadlines);
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}
