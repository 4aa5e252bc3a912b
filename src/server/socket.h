/*
 * The TCP sockets (IPv4) that civetweb opened for us and keeps to itself: found among this process's descriptors by
 * their addresses.
 */
#ifndef PA_SOCKET_H
#define PA_SOCKET_H

/* The descriptor with that peer and local port; -1 when there is none. */
int pa_socket_find(const char *peer, unsigned peer_port, unsigned local_port);

/* Ends what blocks on that local port: no more is accepted, nor read from its connections. What is being written goes
 * out. */
void pa_socket_shut(unsigned local_port);

#endif
