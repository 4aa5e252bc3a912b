/* The keys that seal what is stored. Safe for use from many threads; key bytes are wiped when closed. */
#ifndef PA_CRYPTO_H
#define PA_CRYPTO_H

#include "../error.h"

struct pa_keyring;

/* Reads "ID:64 hex digits" entries, comma separated; IDs are 1 to 16 of [a-z0-9]. The first one seals. NULL with code
 * "key". */
struct pa_keyring *pa_keyring_open(const char *keys, struct pa_error *error);
void pa_keyring_close(struct pa_keyring *keys);

#endif
