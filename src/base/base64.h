/* Bytes as text and back (RFC 4648). Pure. */
#ifndef PA_BASE64_H
#define PA_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The room that pa_base64_encode needs for `size` bytes. */
#define PA_BASE64_ROOM(size) (((size) + 2) / 3 * 4)

/* Writes base64 with padding, or with `url` base64url without; not terminated. The length. */
size_t pa_base64_encode(const unsigned char *data, size_t size, bool url, char *out);

/* The decoded length, at most `size`, or -1; strict: no white space, exact padding, no bits left over. */
long pa_base64_decode(const char *text, size_t size, bool url, unsigned char *out);

#endif
