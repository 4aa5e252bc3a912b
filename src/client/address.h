/* Tells addresses inside this machine and its network from public ones (SS-03). Pure: any thread, never raises. */
#ifndef PA_ADDRESS_H
#define PA_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for loopback, private, link-local (cloud metadata), shared, multicast and reserved addresses (RFC 6890), for
 * IPv6 addresses with such an IPv4 address inside, and for anything but IPv4 and IPv6. */
bool pa_address_is_private(const struct sockaddr *address);

/* The same of an address as text; true for what is not one. */
bool pa_address_is_private_text(const char *ip);

#endif
