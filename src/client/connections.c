/* A list of sockets, found by their local ports. */
#include "client/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stats.h"

struct connection {
	int fd, local_port; /* the port is 0 until a request is to be sent */
	ino_t inode;
	bool was_used;
	struct pa_connections_watch watch;
	bool takes_turns; /* one request at a time (HTTP/1) */
	struct connection *next;
};

struct pa_connections {
	struct connection *first;
};

struct pa_connections *pa_connections_new(void)
{
	return calloc(1, sizeof(struct pa_connections));
}

void pa_connections_free(struct pa_connections *connections)
{
	size_t count = 0;

	if (!connections)
		return;
	for (struct connection *connection = connections->first, *next; connection; connection = next) {
		next = connection->next;
		count += connection->was_used;
		free(connection);
	}
	pa_stats_leaked("sockets of calls out", count);
	free(connections);
}

/* The inode of an open file; 0 when there is none. */
static ino_t inode_of(int fd)
{
	struct stat about;

	return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

int pa_connections_open(struct pa_connections *connections, int family, int type, int protocol)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return -1;
	connection->fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (connection->fd < 0) {
		free(connection);
		return -1;
	}
	connection->inode = inode_of(connection->fd);
	connection->next = connections->first;
	connections->first = connection;
	return connection->fd;
}

int pa_connections_close(struct pa_connections *connections, int fd)
{
	struct connection **at = &connections->first;

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	if (*at) {
		struct connection *connection = *at;
		*at = connection->next;
		free(connection);
	}
	return close(fd);
}

static int port_of(int fd)
{
	struct sockaddr_in6 address = {0}; /* its port is where that of an IPv4 address is */
	socklen_t size = sizeof address;

	return getsockname(fd, (struct sockaddr *)&address, &size) < 0 ? 0 : ntohs(address.sin6_port);
}

/* Asks for the ports of the sockets that were not used yet. libcurl closes those that did not become a connection
 * without a word: then the descriptor may be another file's. */
static void look_at_new_ones(struct pa_connections *connections)
{
	struct connection **at = &connections->first;

	while (*at) {
		struct connection *connection = *at;
		if (!connection->was_used && inode_of(connection->fd) != connection->inode) {
			*at = connection->next;
			free(connection);
			continue;
		}
		if (!connection->was_used)
			connection->local_port = port_of(connection->fd);
		at = &connection->next;
	}
}

/* The next one with that local port, from `connection` on: connections to different peers may have the same. */
static struct connection *find(struct connection *connection, int local_port)
{
	while (connection && connection->local_port != local_port)
		connection = connection->next;
	return connection;
}

static bool is_quiet(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

enum pa_connections_state pa_connections_use(struct pa_connections *connections, int local_port)
{
	enum pa_connections_state state = PA_CONNECTIONS_NEW;

	look_at_new_ones(connections);
	struct connection *connection = find(connections->first, local_port);

	for (; connection; connection = find(connection->next, local_port)) {
		/* Over TLS a session ticket that comes late looks the same: that costs a new connection. */
		if (connection->was_used && connection->takes_turns && !is_quiet(connection->fd))
			return PA_CONNECTIONS_STALE;
		if (connection->was_used)
			state = PA_CONNECTIONS_KEPT;
		connection->was_used = true;
	}
	return state;
}

struct pa_connections_watch *pa_connections_watch(struct pa_connections *connections, int fd)
{
	struct connection *connection = connections->first;

	while (connection && (connection->fd != fd || !connection->was_used))
		connection = connection->next;
	return connection ? &connection->watch : NULL;
}

void pa_connections_answered(struct pa_connections *connections, int local_port)
{
	struct connection *connection = find(connections->first, local_port);

	for (; connection; connection = find(connection->next, local_port))
		connection->takes_turns = true;
}
