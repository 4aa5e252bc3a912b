/*
 * The connections of a driver, as libcurl does not show them: whether one may be used for the next request. Used by the
 * driver's thread alone, and by the thread that closes the driver. Never raises.
 */
#ifndef PA_CONNECTIONS_H
#define PA_CONNECTIONS_H

#include <stdbool.h>

enum pa_connections_state {
	PA_CONNECTIONS_NEW,   /* nothing was sent on it before */
	PA_CONNECTIONS_KEPT,  /* it served a request before, or serves some at the same time */
	PA_CONNECTIONS_STALE, /* bytes came that nothing asked for, or its end: the next answer would not be the right one
						   */
};

struct pa_connections;

/* NULL without memory. Freed when all that were used are closed: others are reported as leaked. */
struct pa_connections *pa_connections_new(void);
void pa_connections_free(struct pa_connections *connections);

/* As socket(2) and close(2). libcurl may close one that was not used by itself. */
int pa_connections_open(struct pa_connections *connections, int family, int type, int protocol);
int pa_connections_close(struct pa_connections *connections, int fd);

/* A request is about to be sent on the connection with that local port. */
enum pa_connections_state pa_connections_use(struct pa_connections *connections, int local_port);

/* An answer of HTTP/1 came on it: requests follow each other there, and nothing may come between an answer and the next
 * request. */
void pa_connections_answered(struct pa_connections *connections, int local_port);

/* How the driver's epoll watches a socket. A socket that was used stays in it between transfers, and is idle then. */
struct pa_connections_watch {
	unsigned events; /* 0: epoll does not know it, or this list does not know what epoll knows */
	bool is_idle;
};

/* The watch of a socket, until it is closed. NULL for one that no request was sent on: libcurl closes such a socket
 * without a word, and another one gets its number. */
struct pa_connections_watch *pa_connections_watch(struct pa_connections *connections, int fd);

#endif
