/*
 * The keys of SECRET_KEY, and sealing with them: authenticated encryption of stored values. Any thread may seal and
 * unseal. Key bytes are wiped at close. Never raises.
 */
#ifndef PA_KEYRING_H
#define PA_KEYRING_H

#include "base/error.h"
#include "base/message.h"

struct pa_keyring;

/* Reads entries "ID:64 hex digits", separated by commas; an id is 1 to 16 of [a-z0-9]. The first key seals, all unseal.
 * NULL with code "key". */
struct pa_keyring *pa_keyring_open(const char *keys, struct pa_error *error);

/* NULL does nothing. */
void pa_keyring_close(struct pa_keyring *keyring);

/*
 * From now on, when a value was sealed with an unknown key, the keyring reads that file, which has entries as above:
 * after `keys rotate` another process may seal with a new key in it. Call before threads start. 0, or -1 with code
 * "key".
 */
int pa_keyring_follow(struct pa_keyring *keyring, const char *file, struct pa_error *error);

/* The number of keys, and the id of one: `index` from 0, the one that seals first; NULL past the end. */
size_t pa_keyring_count(const struct pa_keyring *keyring);
const char *pa_keyring_id(const struct pa_keyring *keyring, size_t index);

enum { PA_SEALED_EXTRA = 45, PA_SEALED_MAX = 1 << 20 }; /* bytes */

/* Seals at most PA_SEALED_MAX bytes into `out`, which has room for PA_SEALED_EXTRA more. `context` (what the value is,
 * and where it is stored) must be the same to unseal. The length, or 0 on failure (ST-01). */
size_t pa_keyring_seal(
	const struct pa_keyring *keyring, struct pa_span plain, struct pa_span context, unsigned char *out);

/* Unseals into `out`, which has room for sealed.length bytes. The length, or -1 with code "unknown_key", "damaged" or
 * "memory". */
long pa_keyring_unseal(struct pa_keyring *keyring, struct pa_span sealed, struct pa_span context, unsigned char *out,
	struct pa_error *error);

#endif
