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

bool pa_listen_is_busy(const char *place)
{
	const char *colon = strchr(place, ':');
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	char host[64] = "0.0.0.0";

	if (fd < 0)
		return false;
	if (colon)
		snprintf(host, sizeof host, "%.*s", (int)(colon - place), place);
	inet_pton(AF_INET, host, &address.sin_addr);
	address.sin_port = htons((uint16_t)strtol(colon ? colon + 1 : place, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	bool busy = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == EADDRINUSE;
	close(fd);
	return busy;
}
