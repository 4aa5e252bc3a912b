/*
 * The connections that the workers of a server hold (HT-18, HT-19). A worker waits in one connection, so connections
 * that send nothing, or their request slowly, can occupy all workers. While fewer workers are free than a reserve, a
 * thread ends reading on connections that have no whole request: of the address with most of them first, the one that
 * has waited for the longest. Its worker then reads what came before that, answers a request that is whole by now, and
 * closes the connection. Never raises.
 */
#ifndef PA_PEERS_H
#define PA_PEERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_connection;
struct pa_peers;

/* The connection of one worker, owned by the worker. Zero is a valid one. */
struct pa_peer {
	const struct mg_connection *connection;
	_Atomic int64_t waits_since_ms; /* of pa_clock_ms; 0 while a whole request is answered */
	atomic_bool ended;              /* reading has been ended */
	size_t index;                   /* in the list */
	uint32_t address;               /* as struct in_addr has it; this and the next two are set when they are needed */
	unsigned port;                  /* 0: address and port are not known yet */
	int fd;                         /* -1: not known yet */
};

/* Starts the thread. `name` is for log lines. NULL without memory or a thread. */
struct pa_peers *pa_peers_open(const char *name, unsigned workers);

/* Ends the thread; all connections must have ended. NULL does nothing. */
void pa_peers_close(struct pa_peers *peers);

/* Call when a worker has taken a connection, and before its socket is closed: in between the descriptor cannot become
 * another connection's. */
void pa_peer_begin(struct pa_peers *peers, struct pa_peer *peer, const struct mg_connection *connection);
void pa_peer_end(struct pa_peers *peers, struct pa_peer *peer);

/* Call when a whole request has come, head and body; and when it was answered. */
void pa_peer_answers(struct pa_peer *peer);
void pa_peer_waits(struct pa_peer *peer);

/* For how many milliseconds the connection has waited for a whole request. */
int64_t pa_peer_waited_ms(const struct pa_peer *peer);

/* Whether reading on the connection was ended for the sake of others. */
bool pa_peer_has_ended(const struct pa_peer *peer);

#endif
