/* Answers the requests of civetweb's workers: the handler's response, or a refusal. */
#include "server/answering.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "server/health.h"
#include "server/misdirected.h"
#include "server/refused.h"
#include "server/unparsed.h"

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

static struct pa_verdict read_request(
	struct mg_connection *connection, struct pa_server *server, struct pa_worker *worker)
{
	struct pa_exchange *exchange = &worker->exchange;
	struct pa_body_framing framing;
	struct pa_verdict verdict = pa_exchange_read_head(exchange, &server->shared, connection, &framing);

	if (verdict.status != 0)
		return verdict;
	if (atomic_load_explicit(&server->shared.draining, memory_order_relaxed))
		return (struct pa_verdict){503, "the server is stopping"};
	bool important = pa_health_is(&exchange->request);
	if (framing.kind != PA_BODY_NONE && !important && !pa_answering_has_room(server, atomic_load(&server->whole) + 1))
		return busy;
	verdict = read_body(connection, server, exchange, &framing);
	if (verdict.status != 0)
		return pa_peer_has_ended(&worker->peer) ? busy : verdict;
	pa_peer_answers(&worker->peer);
	worker->whole = true;
	return pa_answering_has_room(server, atomic_fetch_add(&server->whole, 1) + 1) || important ? verdict : busy;
}

static bool must_close(const struct mg_connection *connection, const struct pa_server *server, struct pa_worker *worker)
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

static void respond(struct mg_connection *connection, struct pa_server *server, struct pa_worker *worker)
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
static bool lingers(const struct pa_server *server, const struct pa_worker *worker)
{
	int status = worker->exchange.response.status;

	return (status == 413 || status == 414 || status == 431) && worker->exchange.response.close && !worker->whole &&
		   pa_answering_has_room(server, atomic_load_explicit(&server->connections, memory_order_relaxed));
}

int pa_answering_begin_request(struct mg_connection *connection)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct pa_worker *worker = mg_get_thread_pointer(connection);

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
static bool is_late(const struct pa_server *server, const struct pa_worker *worker)
{
	unsigned limit_ms = worker->used ? server->options.idle_ms : server->options.header_ms;

	return pa_peer_waited_ms(&worker->peer) >= limit_ms;
}

static struct pa_verdict judge(
	struct mg_connection *connection, struct pa_server *server, struct pa_worker *worker, int status)
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

int pa_answering_http_error(struct mg_connection *connection, int status, const char *message)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct pa_worker *worker = mg_get_thread_pointer(connection);
	int64_t begun_ns = pa_clock_ns();

	worker->last = true;
	if (strcmp(message, "Invalid URI") == 0) { /* all but the target is read: the gate knows better */
		pa_answering_begin_request(connection);
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
