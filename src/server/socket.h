/*
 * Finds civetweb's TCP sockets (IPv4), which its interface does not tell, among the descriptors of this process by
 * their addresses. Any thread, never raises.
 */
#ifndef PA_SOCKET_H
#define PA_SOCKET_H

/* The descriptor of the connection with that peer and local port; -1 when there is none. Fast when the thread's last
 * call found the same. */
int pa_socket_find(const char *peer, unsigned peer_port, unsigned local_port);

/* Ends reading and accepting on all sockets with that local port, which ends the calls that block there. What is being
 * written is still sent. */
void pa_socket_shut(unsigned local_port);

#endif
