/* The keys that seal what is stored. Safe for use from many threads; key bytes are wiped when closed. */
#ifndef PA_KEYRING_H
#define PA_KEYRING_H

#include "base/error.h"
#include "base/message.h"

struct pa_keyring;

/* Reads "ID:64 hex digits" entries, comma separated; IDs are 1 to 16 of [a-z0-9]. The first one seals. NULL with code
 * "key". */
struct pa_keyring *pa_keyring_open(const char *keys, struct pa_error *error);
void pa_keyring_close(struct pa_keyring *keyring);

/*
 * From now on a key that the ring does not have is looked for in that file, which has entries as above: another process
 * may have put a new key there, and with it what is sealed from then on. Before the threads begin. 0, or -1.
 */
int pa_keyring_follow(struct pa_keyring *keyring, const char *file, struct pa_error *error);

size_t pa_keyring_count(const struct pa_keyring *keyring);
const char *pa_keyring_id(const struct pa_keyring *keyring, size_t index);

enum { PA_SEALED_EXTRA = 45, PA_SEALED_MAX = 1 << 20 };

/* Seals at most PA_SEALED_MAX bytes into `out`, which has room for PA_SEALED_EXTRA more. The length, or 0 on failure.
 */
size_t pa_keyring_seal(
	const struct pa_keyring *keyring, struct pa_span plain, struct pa_span context, unsigned char *out);

/* The length of what it wrote into `out`, less than sealed.length, or -1 with code "unknown_key" or "damaged". */
long pa_keyring_unseal(struct pa_keyring *keyring, struct pa_span sealed, struct pa_span context, unsigned char *out,
	struct pa_error *error);

#endif
