/*
 * An HTTP/1.1 server over civetweb: listens, reads requests, calls the handler, sends the responses, drains. Several
 * may run in one process. Never raises.
 */
#ifndef PA_SERVER_H
#define PA_SERVER_H

#include <stdint.h>

#include "base/error.h"
#include "base/message.h"

struct pa_server;

/* Called on a worker thread for each request that the gate accepted. Must fill in *response. */
typedef void pa_server_handler(void *context, const struct pa_request *request, struct pa_response *response);

/* Called on a worker thread for each request that was refused without the handler: by the gate, or with 503 because the
 * workers are busy or the server stops. Parts of the request that were not read are empty. */
typedef void pa_server_observer(void *context, const struct pa_request *request, int status, const char *reason);

/*
 * Called on a worker thread, before the body of a request is read, when there is one: sets *limit, the bytes that it
 * may have, which is options.body_max before. `length` is that of the body, SIZE_MAX when the client does not say. 0,
 * or -1 when the limit cannot be found out now: the request gets 503.
 */
typedef int pa_server_limiter(void *context, const struct pa_request *request, size_t length, size_t *limit);

/* Called on a worker thread for each request before its response is sent, refused ones too. `head`: the response's, as
 * it is sent; `body`: empty when none is sent; `took_ns`: since the head was read. */
typedef void pa_server_recorder(void *context, const struct pa_request *request, const struct pa_response *response,
	struct pa_span head, struct pa_span body, int64_t took_ns);

struct pa_server_options {
	const char *name;           /* for log lines: "app", "sandbox" */
	const char *listen;         /* "127.0.0.1:8888", ":8888" is all interfaces; port 0 takes a free one */
	const char *listen_setting; /* "LISTEN": for messages, see pa_listen_try; NULL is LISTEN */
	unsigned workers;           /* threads, each serving one connection at a time */
	unsigned queue;             /* accepted connections that wait for a worker; 0 is the default of 1024 */
	const char *const *hosts;   /* that the Host header may name, lower case, without port; none: any */
	size_t host_count;
	const char *public_url; /* for the refusal of other hosts; its host is the first of `hosts`; or NULL */
	bool https;             /* the public URL is https: adds HSTS */
	bool faults;            /* applies response.fault: for the sandbox only */
	size_t body_max;        /* bytes; 0 is the default of 1 MiB */
	unsigned header_ms;     /* from the first byte to the end of the headers; 0 is the default of 10 s */
	unsigned body_ms;       /* for the whole body, of a larger one for each MiB; 0: 15 s */
	unsigned write_ms;      /* for a whole large response; 0: 30 s. One that makes no progress ends after header_ms */
	unsigned idle_ms;       /* between two requests of a connection; 0: 5 s */
	pa_server_handler *handle;   /* GET /healthz is answered without it */
	pa_server_observer *observe; /* or NULL */
	pa_server_limiter *limit;    /* or NULL: body_max is the limit of every request */
	void *context;               /* of the three above */
	pa_server_recorder *record;  /* or NULL */
	void *record_context;
};

/* Starts to listen. NULL with code "server", or one of pa_listen_try. The
 * strings of the options are borrowed and outlive the server. */
struct pa_server *pa_server_open(const struct pa_server_options *options, struct pa_error *error);

/* The port it listens on. */
unsigned pa_server_port(const struct pa_server *server);

/* Whether it would let a request in now: false while it stops, and while requests occupy all workers but the reserve of
 * HT-19. Any thread. */
bool pa_server_has_room(const struct pa_server *server);

/* From now on each response closes its connection, and new requests get 503. Any thread. */
void pa_server_drain(struct pa_server *server);

/* Waits until no request is in flight, at most that many milliseconds. True when none is. */
bool pa_server_wait(struct pa_server *server, unsigned milliseconds);

/* Stops and frees the server; requests still in flight may get no response. NULL does nothing. */
void pa_server_close(struct pa_server *server);

#endif
