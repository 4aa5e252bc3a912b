/*
 * One request and its response on a connection of civetweb: reads the request through the gate, sends the response. A
 * worker thread of civetweb owns one exchange and uses it for all its requests. Never raises.
 */
#ifndef PA_EXCHANGE_H
#define PA_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/message.h"
#include "base/trail.h"
#include "server/deadline.h"
#include "server/gate.h"
#include "server/head.h"
#include "server/request_id.h"

struct mg_connection;

/* Zero is a valid new one. */
struct pa_exchange {
	struct pa_request request;
	struct pa_response response;
	struct pa_buffer body, out;
	struct pa_trail trail;       /* of the request, while such lines are logged */
	struct pa_request_note note; /* the same, while requests are recorded */
	int64_t begun_ns;            /* the same: when the head was read */
	struct pa_date date;
	const char *buffer; /* for pa_gate_begins */
	char path[PA_GATE_TARGET_MAX + 1];
	char reason[512]; /* of a refusal that says more than a static text */
};

/* What the exchanges of one server share: for all down to record_context see struct pa_server_options. */
struct pa_exchange_context {
	const char *const *hosts;
	size_t host_count;
	unsigned body_ms, write_ms;
	bool https, faults;
	void (*record)(void *context, const struct pa_request *request, const struct pa_response *response,
		struct pa_span head, struct pa_span body, int64_t took_ns);
	void *record_context;
	struct pa_deadlines *deadlines;
	struct pa_request_ids ids;
	atomic_bool draining;
};

/* Reads and checks the head; sets the id of the request in any case. The memory of the request is civetweb's, valid
 * until its begin_request callback returns. */
struct pa_verdict pa_exchange_read_head(struct pa_exchange *exchange, struct pa_exchange_context *context,
	struct mg_connection *connection, struct pa_body_framing *framing);

/* Sets the id and the peer of a request that could not be read; all else is empty. */
void pa_exchange_read_nothing(
	struct pa_exchange *exchange, struct pa_exchange_context *context, const struct mg_connection *connection);

/* Reads the body, of at most `bytes_max` bytes. */
struct pa_verdict pa_exchange_read_body(struct pa_exchange *exchange, const struct pa_exchange_context *context,
	struct mg_connection *connection, const struct pa_body_framing *framing, size_t bytes_max);

/* Whether the client lets the connection stay open after this request. */
bool pa_exchange_keeps_alive(const struct pa_exchange *exchange, const struct mg_connection *connection);

/* Sends the response. The connection is closed after it when response.close is set or sending fails. The bodies of
 * request and response are gone then: their memory is not kept for the worker's next request unless it is small. */
void pa_exchange_send(
	struct pa_exchange *exchange, const struct pa_exchange_context *context, struct mg_connection *connection);

/* Whether bytes of the client were not read yet. */
bool pa_exchange_has_more(const struct mg_connection *connection);

/* After a response that closes the connection: reads for a while what the client still sends, so that a client in the
 * middle of its body gets the response. */
void pa_exchange_linger(const struct pa_exchange_context *context, const struct mg_connection *connection);

/* Frees the memory inside, not the struct. */
void pa_exchange_free(struct pa_exchange *exchange);

#endif
