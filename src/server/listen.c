/* Reads addresses to listen on, and tries them. */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "server/holder.h"

/* The port must be digits only: with an 's' or 'r' after it civetweb would use TLS, and crash. */
int pa_listen_read(const char *text, char *place, size_t size, struct pa_error *error)
{
	const char *colon = strrchr(text, ':');
	struct in_addr address;
	char host[64];
	char *end;

	if (!colon || (size_t)(colon - text) >= sizeof host)
		return pa_error_set(error, "usage", "cannot listen on '%s': it must be ADDRESS:PORT", text);
	snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	long number = strtol(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || number > 65535)
		return pa_error_set(error, "usage", "cannot listen on '%s': the port must be 0 to 65535", text);
	if (strcmp(host, "localhost") == 0)
		strcpy(host, "127.0.0.1");
	if (host[0] && inet_pton(AF_INET, host, &address) != 1)
		return pa_error_set(error, "usage", "cannot listen on '%s': '%s' is not an IPv4 address", text, host);
	snprintf(place, size, "%s%s%ld", host, host[0] ? ":" : "", number);
	return 0;
}

static struct sockaddr_in address_of(const char *place)
{
	const char *colon = strchr(place, ':');
	struct sockaddr_in address = {.sin_family = AF_INET};
	char host[64] = "0.0.0.0";

	if (colon)
		snprintf(host, sizeof host, "%.*s", (int)(colon - place), place);
	inet_pton(AF_INET, host, &address.sin_addr);
	address.sin_port = htons((uint16_t)strtol(colon ? colon + 1 : place, NULL, 10));
	return address;
}

/* 0, or why a socket cannot be bound there, as in errno. */
static int bind_once(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, problem = 0;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		problem = errno;
	close(fd);
	return problem;
}

enum { PORTS_TRIED = 20 };

/* A free port above a taken one. In steps of two, for the app and the sandbox have ports next to each other. 0 when
 * none is found. */
static unsigned free_port(struct sockaddr_in address)
{
	unsigned port = ntohs(address.sin_port);

	for (int i = 0; i < PORTS_TRIED && port + 2 <= UINT16_MAX; i++) {
		port += 2;
		address.sin_port = htons((uint16_t)port);
		if (bind_once(&address) == 0)
			return port;
	}
	return 0;
}

/* Whether the address is not a setting but the port that a flag has. */
static bool is_flag(const char *setting)
{
	return setting[0] == '-';
}

/* "--sandbox-listen" of "SANDBOX_LISTEN". */
static void write_flag(const char *setting, char *flag, size_t size)
{
	snprintf(flag, size, "--%s", setting);
	for (char *at = flag; *at; at++)
		*at = *at == '_' ? '-' : pa_text_lower(*at);
}

static void write_holder(const struct sockaddr_in *address, char *text, size_t size)
{
	struct pa_holder holder;

	if (!pa_holder_find(address, &holder) || (holder.pid == 0 && holder.user == geteuid()))
		snprintf(text, size, "another program listens there");
	else if (holder.pid == 0)
		snprintf(text, size, "a program of another user (uid %u) listens there", (unsigned)holder.user);
	else
		snprintf(text, size, "process %ld (%s%s%s) listens there", (long)holder.pid, holder.name,
			holder.folder[0] ? ", in " : "", holder.folder);
}

static int fail_busy(const char *text, const char *setting, const struct sockaddr_in *address, struct pa_error *error)
{
	char who[400], flag[64], other[80] = "another port";
	unsigned port = free_port(*address);

	write_holder(address, who, sizeof who);
	if (is_flag(setting)) {
		if (port > 0)
			snprintf(other, sizeof other, "%u", port);
		return pa_error_set(
			error, "busy", "cannot listen on %s: %s: end it, or take a free port: %s %s", text, who, setting, other);
	}
	write_flag(setting, flag, sizeof flag);
	if (port > 0)
		snprintf(other, sizeof other, "%.*s:%u", (int)(strrchr(text, ':') - text), text, port);
	return pa_error_set(error, "busy", "cannot listen on %s: %s: end it, or take a free port: %s %s, or %s in .env",
		text, who, flag, other, setting);
}

int pa_listen_try(const char *text, const char *setting, struct pa_error *error)
{
	char place[96];

	if (pa_listen_read(text, place, sizeof place, error) < 0)
		return -1;
	const struct sockaddr_in address = address_of(place);
	int problem = bind_once(&address);
	switch (problem) {
	case 0:
		return 0;
	case EADDRINUSE:
		return fail_busy(text, setting, &address, error);
	case EADDRNOTAVAIL:
		return pa_error_set(error, "server",
			"cannot listen on %s: this machine does not have that address: change %s (127.0.0.1 is this machine alone, "
			"an "
			"empty address all of its own)",
			text, setting);
	case EACCES:
		return pa_error_set(error, "denied",
			"cannot listen on %s: this user may not listen on ports as low as that: set %s to one from 1024 on, and "
			"let a "
			"proxy have the other",
			text, setting);
	default:
		return pa_error_set(error, "server", "cannot listen on %s (%s): %s", text, setting, strerror(problem));
	}
}
