/* Finds the process that listens on a TCP port, for the message that the port is taken. Any thread, never raises. */
#ifndef PA_HOLDER_H
#define PA_HOLDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

struct pa_holder {
	pid_t pid; /* 0 when this user may not see it */
	uid_t user;
	char name[32];
	char folder[256]; /* its working directory, or "" */
};

/* False when /proc names no socket that listens at the address (IPv4, or IPv6 for all addresses). */
bool pa_holder_find(const struct sockaddr_in *address, struct pa_holder *holder);

#endif
