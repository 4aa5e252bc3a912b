/* Reading a request from civetweb and writing its response. */
#include "server/exchange.h"

#include <civetweb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/body.h"
#include "server/faults.h"
#include "server/health.h"
#include "server/oversize.h"
#include "server/socket.h"

enum {
	ONE_WRITE_MAX = 64 << 10, /* a larger body is not copied after its head, but written by itself */
	LINGER_MS = 5000,
};

/* Reading */

static void empty(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, const struct mg_request_info *info)
{
	struct pa_request *request = &exchange->request;

	request->method = request->target = pa_text_span("");
	request->path = request->query = request->host = request->body = (struct pa_span){0};
	request->header_count = 0;
	request->other_host = false;
	request->ip = pa_text_span(info->remote_addr);
	request->trail = NULL;
	if (pa_log_follows()) {
		pa_trail_reset(&exchange->trail);
		request->trail = &exchange->trail;
	}
	request->note = NULL;
	if (context->record) {
		exchange->note.install[0] = exchange->note.refusal[0] = '\0';
		exchange->begun_ns = pa_clock_ns();
		request->note = &exchange->note;
	}
}

/* The query, which civetweb cuts off the target with a NUL in place of the '?', but not from a target that it does not
 * hand to begin_request: then there is no local_uri, and query_string is that of an earlier request. */
static const char *cut_query(const struct mg_request_info *info)
{
	return info->local_uri ? info->query_string : NULL;
}

/* The bytes of the header lines, of which the first one begins at `first`. */
static size_t block_size(const struct pa_request *request, const char *first)
{
	if (request->header_count == 0)
		return 0;
	struct pa_span last = request->headers[request->header_count - 1].value;
	return last.at + last.length > first ? (size_t)(last.at + last.length - first) + 2 : 0;
}

static struct pa_verdict read_headers(struct pa_exchange *exchange, const struct pa_exchange_context *context,
	const struct mg_request_info *info, struct pa_body_framing *framing)
{
	struct pa_request *request = &exchange->request;
	const char *query = cut_query(info);

	empty(exchange, context, info);
	request->method = pa_text_span(info->request_method);
	request->target = pa_text_span(info->request_uri);
	if (query)
		request->target.length = (size_t)(query - info->request_uri) + strlen(query);
	if (!pa_gate_begins(info->request_method, &exchange->buffer))
		return (struct pa_verdict){400, "white space before the request line"};
	if (!pa_gate_is_one_line(request, info->http_version))
		return (struct pa_verdict){400, "white space in the request line"};
	if (info->num_headers > PA_HEADERS_MAX)
		return (struct pa_verdict){431, "there are more than 63 headers"};
	request->header_count = (size_t)info->num_headers;
	for (int i = 0; i < info->num_headers; i++)
		request->headers[i] =
			(struct pa_header){pa_text_span(info->http_headers[i].name), pa_text_span(info->http_headers[i].value)};
	const char *first = info->http_version + strlen(info->http_version) + 2;
	size_t bytes = block_size(request, first);
	struct pa_verdict verdict = pa_gate_layout(request, first, info->request_method + PA_GATE_BUFFER);
	/* Health checks of load balancers are HTTP/1.0 without a Host header (RFC 9112 3.2 asks HTTP/1.1 for one). */
	bool any_host = strcmp(info->http_version, "1.0") == 0;
	if (verdict.status == 0)
		verdict = pa_gate_headers(request, any_host, framing);
	if (verdict.status != 0 || bytes <= PA_GATE_HEAD_MAX)
		return verdict;
	pa_oversize_explain(request, bytes, exchange->reason, sizeof exchange->reason);
	return (struct pa_verdict){431, exchange->reason};
}

static struct pa_verdict read_target(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, const struct mg_request_info *info)
{
	struct pa_request *request = &exchange->request;

	if (cut_query(info))
		*((char *)(uintptr_t)info->query_string - 1) = '?'; /* the gate reads the target as the client sent it */
	struct pa_verdict verdict = pa_gate_target(request, exchange->path);
	if (verdict.status || pa_health_is_probe(request)) /* orchestrators ask by address, or by a name of their own */
		return verdict;
	return pa_gate_host(request, context->hosts, context->host_count);
}

struct pa_verdict pa_exchange_read_head(struct pa_exchange *exchange, struct pa_exchange_context *context,
	struct mg_connection *connection, struct pa_body_framing *framing)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_verdict verdict = read_headers(exchange, context, info, framing);

	pa_request_id_set(&context->ids, &exchange->request);
	return verdict.status ? verdict : read_target(exchange, context, info);
}

void pa_exchange_read_nothing(
	struct pa_exchange *exchange, struct pa_exchange_context *context, const struct mg_connection *connection)
{
	empty(exchange, context, mg_get_request_info(connection));
	pa_request_id_set(&context->ids, &exchange->request);
}

struct pa_verdict pa_exchange_read_body(struct pa_exchange *exchange, const struct pa_exchange_context *context,
	struct mg_connection *connection, const struct pa_body_framing *framing, size_t bytes_max)
{
	const struct pa_body_limits limits = {bytes_max, context->body_ms, context->deadlines};
	struct pa_verdict verdict = pa_body_read(connection, framing, &limits, &exchange->body);

	if (verdict.status == 413) {
		char most[32];
		pa_oversize_amount(bytes_max, most, sizeof most);
		snprintf(exchange->reason, sizeof exchange->reason,
			"the body is too large: this address takes at most %s (body_limit of its route)", most);
		verdict.reason = exchange->reason;
	}
	if (verdict.status == 0 && framing->kind != PA_BODY_NONE)
		exchange->request.body = (struct pa_span){exchange->body.at ? exchange->body.at : "", exchange->body.length};
	return verdict;
}

/* civetweb keeps a connection for "keep-alive", but none that asks for another protocol. */
static bool wants_keep_alive(struct pa_span header)
{
	bool wanted = false;

	while (header.length > 0) {
		const char *comma = memchr(header.at, ',', header.length);
		size_t length = comma ? (size_t)(comma - header.at) : header.length;
		struct pa_span option = pa_text_trim((struct pa_span){header.at, length});
		if (pa_text_is(option, "close") || pa_text_is(option, "upgrade"))
			return false;
		wanted = wanted || pa_text_is(option, "keep-alive");
		header.at += length + (comma != NULL);
		header.length -= length + (comma != NULL);
	}
	return wanted;
}

bool pa_exchange_keeps_alive(const struct pa_exchange *exchange, const struct mg_connection *connection)
{
	struct pa_span header = pa_request_header(&exchange->request, "connection");

	if (header.at)
		return wants_keep_alive(header);
	return strcmp(mg_get_request_info(connection)->http_version, "1.1") == 0;
}

/* Writing */

static int find_socket(const struct mg_connection *connection)
{
	const struct mg_request_info *info = mg_get_request_info(connection);

	return pa_socket_find(info->remote_addr, (unsigned)info->remote_port, (unsigned)info->server_port);
}

/* False when not all of it was written: civetweb ends a write that makes no progress, and would use the connection
 * again. */
static bool write_all(struct mg_connection *connection, const struct pa_buffer *bytes)
{
	return mg_write(connection, bytes->at, bytes->length) == (int)bytes->length;
}

/* The write has a deadline, for a client may read slowly on purpose. False when the connection cannot be used again. */
static bool send_large(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, struct mg_connection *connection)
{
	struct pa_deadline deadline;
	int fd = find_socket(connection);

	if (fd < 0)
		return false;
	pa_deadline_begin(context->deadlines, &deadline, fd, SHUT_RDWR, context->write_ms);
	bool is_whole = write_all(connection, &exchange->out) && write_all(connection, &exchange->response.body);
	return !pa_deadline_end(context->deadlines, &deadline) && is_whole;
}

static bool send_faulty(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, struct mg_connection *connection)
{
	const struct pa_response *response = &exchange->response;
	size_t head = exchange->out.length;
	int fd = find_socket(connection);

	return fd >= 0 && pa_buffer_add(&exchange->out, response->body.at, response->body.length) == 0 &&
		   pa_faults_send(fd, response->fault, &exchange->out, head, &context->draining);
}

static bool is_bodiless(const struct pa_exchange *exchange)
{
	return pa_head_is_bodiless(exchange->response.status) ||
		   pa_text_equal(exchange->request.method, pa_text_span("HEAD"));
}

static void record(const struct pa_exchange *exchange, const struct pa_exchange_context *context)
{
	const struct pa_response *response = &exchange->response;
	struct pa_span body = {response->body.at, is_bodiless(exchange) ? 0 : response->body.length};

	context->record(context->record_context, &exchange->request, response,
		(struct pa_span){exchange->out.at, exchange->out.length}, body, pa_clock_ns() - exchange->begun_ns);
}

/* The head is written. False when the connection cannot be used again. */
static bool send_all(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, struct mg_connection *connection)
{
	const struct pa_response *response = &exchange->response;

	if (response->fault && context->faults)
		return send_faulty(exchange, context, connection);
	if (!is_bodiless(exchange) && (response->body.length > ONE_WRITE_MAX ||
									  pa_buffer_add(&exchange->out, response->body.at, response->body.length) < 0))
		return send_large(exchange, context, connection);
	return write_all(connection, &exchange->out);
}

void pa_exchange_send(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, struct mg_connection *connection)
{
	struct pa_response *response = &exchange->response;
	bool has_head = pa_head_write(&exchange->out, &exchange->date, exchange->request.id, context->https, response) == 0;

	if (has_head && context->record)
		record(exchange, context);
	pa_buffer_reset(&exchange->body, PA_BUFFER_SMALL); /* first, for a client may read slowly */
	if (response->close)
		mg_disable_connection_keep_alive(connection);
	if (!has_head || !send_all(exchange, context, connection))
		mg_disable_connection_keep_alive(connection);
	pa_buffer_reset(&exchange->out, PA_BUFFER_SMALL);
	pa_buffer_reset(&response->body, PA_BUFFER_SMALL);
}

bool pa_exchange_has_more(const struct mg_connection *connection)
{
	int fd = find_socket(connection);
	char byte;

	return fd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void pa_exchange_linger(const struct pa_exchange_context *context, const struct mg_connection *connection)
{
	int fd = find_socket(connection);

	if (fd >= 0)
		pa_socket_linger(fd, LINGER_MS, &context->draining);
}

void pa_exchange_free(struct pa_exchange *exchange)
{
	pa_response_free(&exchange->response);
	pa_buffer_free(&exchange->body);
	pa_buffer_free(&exchange->out);
	pa_trail_free(&exchange->trail);
}
