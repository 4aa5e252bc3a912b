/*
 * Finds civetweb's TCP sockets (IPv4), which its interface does not tell, among the descriptors of this process by
 * their addresses. Any thread, never raises.
 */
#ifndef PA_SOCKET_H
#define PA_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The descriptor of the connection with that peer and local port; -1 when there is none. Fast when the thread's last
 * call found the same. */
int pa_socket_find(const char *peer, unsigned peer_port, unsigned local_port);

/* Calls `note` for each connection with that local port, as long as it returns true: with the descriptor, and the
 * peer's address (as struct in_addr has it) and port. */
typedef bool pa_socket_note(void *context, int fd, uint32_t address, unsigned port);
void pa_socket_each(unsigned local_port, pa_socket_note *note, void *context);

/*
 * Ends writing, then reads and throws away what the peer still sends, until it has closed, or for `ms` milliseconds, or
 * until *stop. A socket that is closed with unread bytes is reset, and the peer may lose the response that it has not
 * read yet.
 */
void pa_socket_linger(int fd, unsigned ms, const atomic_bool *stop);

/* Ends reading and accepting on all sockets with that local port, which ends the calls that block there. What is being
 * written is still sent. */
void pa_socket_shut(unsigned local_port);

#endif
