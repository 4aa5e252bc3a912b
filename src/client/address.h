/* Which addresses are nobody's business but this machine's and its network's (SS-03). Pure. */
#ifndef PA_ADDRESS_H
#define PA_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Loopback, private, link-local, metadata, shared, multicast, reserved, and IPv6 forms of them; also anything that is
 * neither IPv4 nor IPv6. */
bool pa_address_is_private(const struct sockaddr *address);

#endif
