/*
 * An HTTP/1.1 server over civetweb: listen, read a request, have it answered, write the response, drain. Knows nothing
 * of Lua. Several may run in one process.
 */
#ifndef PA_SERVER_H
#define PA_SERVER_H

#include "base/error.h"
#include "base/message.h"

struct pa_server;

/* Called on a worker thread for each request that passed the gate. Must fill *response. */
typedef void pa_server_handler(void *context, const struct pa_request *request, struct pa_response *response);

/* Called on a worker thread for each request that was answered without the handler: refused by the gate, or 503 for
 * want of a worker or while the server stops. What was not read of the request is empty. */
typedef void pa_server_observer(void *context, const struct pa_request *request, int status, const char *reason);

struct pa_server_options {
	const char *name;         /* for log lines: "app", "sandbox" */
	const char *listen;       /* "127.0.0.1:8888", ":8888" is all interfaces; port 0 takes a free one */
	unsigned workers;         /* threads, each serving one connection at a time */
	const char *const *hosts; /* names the Host header may carry, lower case, without port; none: any */
	size_t host_count;
	bool https;                /* the public URL is https: adds HSTS */
	bool faults;               /* applies response.fault: for the sandbox alone */
	size_t body_max;           /* bytes; 0 is the default of 1 MiB */
	unsigned header_ms;        /* deadlines in milliseconds; 0 is the default: 10 s from first byte to end of header */
	unsigned body_ms;          /* 15 s for the whole body */
	unsigned write_ms;         /* 30 s for the whole answer */
	unsigned idle_ms;          /* 5 s between two requests of a connection */
	pa_server_handler *handle; /* GET /healthz is answered without it */
	pa_server_observer *observe; /* or NULL */
	void *context;               /* of both */
};

/* Starts to listen. NULL with code "busy" (the port is taken), "usage" (a bad address) or "server". The options'
 * strings are borrowed and outlive the server.
 */
struct pa_server *pa_server_open(const struct pa_server_options *options, struct pa_error *error);

/* The port it listens on. */
unsigned pa_server_port(const struct pa_server *server);

/* From now on answers close their connection; new requests get 503. Any thread. */
void pa_server_drain(struct pa_server *server);

/* Waits until no request is in flight, at most that long. True when none is. */
bool pa_server_wait(struct pa_server *server, unsigned milliseconds);

/* Stops and frees it: requests still in flight lose their answers. NULL is fine. */
void pa_server_close(struct pa_server *server);

#endif
