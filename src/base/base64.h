/* Base64 and base64url (RFC 4648 4 and 5). Pure functions: any thread, never raise. */
#ifndef PA_BASE64_H
#define PA_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes that pa_base64_encode writes at most for `size` bytes. */
#define PA_BASE64_ROOM(size) (((size) + 2) / 3 * 4)

/* Writes base64 with padding, or with `url` base64url without, into `out`; no NUL. The length. */
size_t pa_base64_encode(const unsigned char *data, size_t size, bool url, char *out);

/* Decodes into `out`, which has room for `size` bytes. The length, or -1. Strict: no white space, padding as
 * pa_base64_encode writes it, no bits left over. */
long pa_base64_decode(const char *text, size_t size, bool url, unsigned char *out);

#endif
