/* A list of connections, and a thread that ends reading on some of them. */
#include "server/peers.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "server/socket.h"

enum {
	/* At least so long a connection may wait: a busy client needs a while between connecting and sending. With 512
	 * workers a thousand connections make room in a second. */
	PATIENCE_MS = 500,
	AGAIN_MS = 20, /* until the thread looks again while workers are short */
	LOG_EVERY_MS = 10000,
};

/* The waiting connections of one address. */
struct group {
	uint32_t address;
	unsigned count;
	struct pa_peer *oldest;
};

struct pa_peers {
	const char *name;
	pthread_mutex_t mutex; /* for all that follows, but for `logged_ms` */
	pthread_cond_t changed;
	pthread_t thread;
	bool stop;
	struct pa_peer **held; /* room for each worker */
	size_t count, limit;   /* more than `limit` connections are too many */
	struct group *groups;  /* a hash table by address, used within `choose` */
	size_t group_mask;
	unsigned long closed; /* connections, since the last log line */
	uint32_t closed_address;
	int64_t logged_ms;
};

/* Choosing */

struct choice {
	struct pa_peer *peer; /* NULL: all are busy */
	unsigned crowd;       /* waiting connections of its address */
	size_t leaving;       /* connections that end without further ado */
};

static struct group *group_of(struct pa_peers *peers, uint32_t address)
{
	size_t at = (size_t)(address * 2654435761u) & peers->group_mask;

	while (peers->groups[at].count > 0 && peers->groups[at].address != address)
		at = (at + 1) & peers->group_mask;
	peers->groups[at].address = address;
	return &peers->groups[at];
}

static int64_t since(const struct pa_peer *peer)
{
	return atomic_load(&peer->waits_since_ms);
}

/* civetweb tells the address only after init_connection, which begins the connection here. */
static bool knows_address(struct pa_peer *peer)
{
	const struct mg_request_info *info = peer->port ? NULL : mg_get_request_info(peer->connection);
	struct in_addr address;

	if (info && inet_pton(AF_INET, info->remote_addr, &address) == 1) {
		peer->address = address.s_addr;
		peer->port = (unsigned)info->remote_port;
	}
	return peer->port != 0;
}

/* The mutex is held. */
static struct choice choose(struct pa_peers *peers)
{
	struct choice choice = {0};

	memset(peers->groups, 0, (peers->group_mask + 1) * sizeof *peers->groups);
	for (size_t i = 0; i < peers->count; i++) {
		struct pa_peer *peer = peers->held[i];
		int64_t begun = since(peer);
		if (begun == 0)
			continue;
		if (atomic_load(&peer->ended)) {
			choice.leaving++;
			continue;
		}
		if (!knows_address(peer))
			continue;
		struct group *group = group_of(peers, peer->address);
		group->count++;
		if (!group->oldest || begun < since(group->oldest))
			group->oldest = peer;
	}
	for (size_t i = 0; i <= peers->group_mask; i++) {
		const struct group *group = &peers->groups[i];
		if (group->count > choice.crowd ||
			(group->count > 0 && group->count == choice.crowd && since(group->oldest) < since(choice.peer))) {
			choice.crowd = group->count;
			choice.peer = group->oldest;
		}
	}
	return choice;
}

/* Ending */

static bool note_socket(void *context, int fd, uint32_t address, unsigned port)
{
	struct pa_peers *peers = context;
	bool missing = false;

	for (size_t i = 0; i < peers->count; i++) {
		struct pa_peer *peer = peers->held[i];
		if (knows_address(peer) && peer->port == port && peer->address == address)
			peer->fd = fd;
		missing = missing || peer->fd < 0;
	}
	return missing;
}

/* Looks for the sockets of all connections at once when the one of `peer` is not known: there may be thousands of
 * descriptors. The mutex is held. */
static void end_reading(struct pa_peers *peers, struct pa_peer *peer)
{
	if (peer->fd < 0)
		pa_socket_each((unsigned)mg_get_request_info(peer->connection)->server_port, note_socket, peers);
	if (peer->fd >= 0)
		shutdown(peer->fd, SHUT_RD); /* else the client has left, and the worker sees that by itself */
	atomic_store(&peer->ended, true);
	peers->closed++;
	peers->closed_address = peer->address;
	pa_stats_add(PA_STAT_EVICTED, 1);
}

/* Ends reading on as many connections as are too many. Returns after how many milliseconds to look again; less than 0:
 * when a connection begins. The mutex is held. */
static int64_t relieve(struct pa_peers *peers)
{
	while (peers->count > peers->limit) {
		struct choice choice = choose(peers);
		if (!choice.peer || peers->count - choice.leaving <= peers->limit)
			return AGAIN_MS;
		int64_t begun = since(choice.peer), waited = pa_clock_ms() - begun;
		if (begun == 0) /* its request has become whole in the meantime */
			continue;
		if (waited < PATIENCE_MS)
			return AGAIN_MS;
		end_reading(peers, choice.peer);
	}
	return -1;
}

static void log_closed(struct pa_peers *peers)
{
	int64_t now = pa_clock_ms();
	static const char message[] =
		"WORKERS are short: connections without a whole request are closed, of the address with most of them first";
	char closed[PA_RECORD_NUMBER_MAX], address[INET_ADDRSTRLEN];

	if (peers->closed == 0 || (peers->logged_ms > 0 && now - peers->logged_ms < LOG_EVERY_MS))
		return;
	inet_ntop(AF_INET, &peers->closed_address, address, sizeof address);
	const struct pa_log_field fields[] = {
		pa_record_number("closed", closed, "%lu", peers->closed), {"peer", address, strlen(address), false}};
	peers->closed = 0;
	peers->logged_ms = now;
	pthread_mutex_unlock(&peers->mutex);
	pa_log_fields(PA_LOG_WARN, peers->name, NULL, message, sizeof message - 1, fields, 2);
	pthread_mutex_lock(&peers->mutex);
}

static void *watch(void *context)
{
	struct pa_peers *peers = context;

	pthread_mutex_lock(&peers->mutex);
	while (!peers->stop) {
		int64_t again = relieve(peers);
		log_closed(peers);
		if (peers->stop)
			break;
		if (again < 0 && peers->count <= peers->limit) {
			pthread_cond_wait(&peers->changed, &peers->mutex);
		} else {
			struct timespec until = pa_clock_in(again < 0 ? AGAIN_MS : again);
			pthread_cond_timedwait(&peers->changed, &peers->mutex, &until);
		}
	}
	pthread_mutex_unlock(&peers->mutex);
	return NULL;
}

/* Opening and closing */

/* A sixteenth of the workers is kept free (HT-19), one at least. */
static size_t limit_of(unsigned workers)
{
	return workers - (workers < 16 ? 1 : workers / 16);
}

static void free_memory(struct pa_peers *peers)
{
	pthread_cond_destroy(&peers->changed);
	pthread_mutex_destroy(&peers->mutex);
	free(peers->held);
	free(peers->groups);
	free(peers);
}

struct pa_peers *pa_peers_open(const char *name, unsigned workers)
{
	struct pa_peers *peers = calloc(1, sizeof *peers);

	if (!peers)
		return NULL;
	peers->name = name;
	peers->limit = limit_of(workers);
	peers->group_mask = 15;
	while (peers->group_mask < (size_t)workers * 2)
		peers->group_mask = peers->group_mask * 2 + 1;
	peers->held = calloc(workers, sizeof(struct pa_peer *));
	peers->groups = calloc(peers->group_mask + 1, sizeof *peers->groups);
	pthread_mutex_init(&peers->mutex, NULL);
	pa_clock_condition(&peers->changed);
	if (!peers->held || !peers->groups || pthread_create(&peers->thread, NULL, watch, peers) != 0) {
		free_memory(peers);
		return NULL;
	}
	return peers;
}

void pa_peers_close(struct pa_peers *peers)
{
	if (!peers)
		return;
	pthread_mutex_lock(&peers->mutex);
	peers->stop = true;
	pthread_cond_signal(&peers->changed);
	pthread_mutex_unlock(&peers->mutex);
	pthread_join(peers->thread, NULL);
	free_memory(peers);
}

/* Connections */

void pa_peer_begin(struct pa_peers *peers, struct pa_peer *peer, const struct mg_connection *connection)
{
	peer->connection = connection;
	peer->port = 0;
	peer->fd = -1;
	atomic_store(&peer->ended, false);
	pa_peer_waits(peer);
	pthread_mutex_lock(&peers->mutex);
	peer->index = peers->count;
	peers->held[peers->count++] = peer;
	if (peers->count > peers->limit)
		pthread_cond_signal(&peers->changed);
	pthread_mutex_unlock(&peers->mutex);
}

void pa_peer_end(struct pa_peers *peers, struct pa_peer *peer)
{
	pthread_mutex_lock(&peers->mutex);
	struct pa_peer *last = peers->held[--peers->count];
	peers->held[peer->index] = last;
	last->index = peer->index;
	pthread_mutex_unlock(&peers->mutex);
}

void pa_peer_answers(struct pa_peer *peer)
{
	atomic_store(&peer->waits_since_ms, 0);
}

void pa_peer_waits(struct pa_peer *peer)
{
	atomic_store(&peer->waits_since_ms, pa_clock_ms());
}

int64_t pa_peer_waited_ms(const struct pa_peer *peer)
{
	return pa_clock_ms() - since(peer);
}

bool pa_peer_has_ended(const struct pa_peer *peer)
{
	return atomic_load(&peer->ended);
}
