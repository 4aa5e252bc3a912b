/*
 * OpenSSL's contexts, algorithms and random bytes, kept for each thread. Only native/crypto, store/keyring and
 * traffic/redact use them. Any thread; never raises.
 */
#ifndef PA_OPENSSL_H
#define PA_OPENSSL_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stddef.h>

struct pa_openssl {
	const EVP_MD *sha256, *sha1;
	const EVP_CIPHER *aes_gcm;
	EVP_MD_CTX *digest;
	EVP_CIPHER_CTX *cipher;
	/* Random bytes not used yet: one call of the generator for 512 bytes is faster than many for 32. After a fork,
	 * parent and child would use the same bytes: this process never forks. */
	unsigned char pool[512];
	size_t pool_left;
};

/* The contexts of this thread; NULL without memory. They are wiped and freed when the thread ends. */
struct pa_openssl *pa_openssl_of_thread(void);

/* Fills `out` with `count` random bytes. False when the generator failed. */
bool pa_openssl_random(struct pa_openssl *contexts, unsigned char *out, size_t count);

#endif
