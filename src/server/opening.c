/* Opens and closes a server: starts and stops civetweb, and keeps count of its workers and connections. */
#include "server/server.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/answering.h"
#include "server/deadline.h"
#include "server/listen.h"
#include "server/socket.h"

enum {
	BODY_MAX_DEFAULT = 1 << 20,
	HEADER_MS = 10000,
	BODY_MS = 15000,
	WRITE_MS = 30000,
	IDLE_MS = 5000,
	QUEUE = 1024,
};

enum { WORKER_THREAD = 1 }; /* civetweb's type of thread */

static void *init_thread(const struct mg_context *context, int type)
{
	struct pa_server *server = mg_get_user_data(context);

	return type == WORKER_THREAD ? &server->workers[atomic_fetch_add(&server->worker_count, 1)] : NULL;
}

static void exit_thread(const struct mg_context *context, int type, void *pointer)
{
	struct pa_worker *worker = pointer;

	(void)context;
	if (type == WORKER_THREAD)
		pa_exchange_free(&worker->exchange);
}

static int init_connection(const struct mg_connection *connection, void **data)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct pa_worker *worker = mg_get_thread_pointer(connection);

	(void)data;
	atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
	worker->used = worker->last = false;
	pa_peer_begin(server->peers, &worker->peer, connection);
	return 0;
}

/* civetweb's connection_close, before the socket is closed. */
static void connection_close(const struct mg_connection *connection)
{
	struct pa_server *server = mg_get_user_data(mg_get_context(connection));
	struct pa_worker *worker = mg_get_thread_pointer(connection);
	const struct mg_request_info *info = mg_get_request_info(connection);

	/* A request for * or for a URL of another port: civetweb would close the connection without an answer. */
	if (info && info->request_uri && !info->local_uri && !worker->last) {
		worker->last = true;
		pa_answering_begin_request((struct mg_connection *)(uintptr_t)connection);
	}
	pa_peer_end(server->peers, &worker->peer);
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
	const struct mg_callbacks callbacks = {.begin_request = pa_answering_begin_request,
		.http_error = pa_answering_http_error,
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
	return !atomic_load(&server->shared.draining) && pa_answering_has_room(server, atomic_load(&server->whole) + 1);
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
