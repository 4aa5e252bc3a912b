/*
 * What crypto.c and keyring.c share, and the one place that includes OpenSSL: no other file includes this header.
 */
#ifndef PA_CRYPTO_OPENSSL_H
#define PA_CRYPTO_OPENSSL_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stddef.h>

/* Each thread's own, with what OpenSSL 3 is slow to look up. */
struct pa_contexts {
	const EVP_MD *sha256, *sha1;
	const EVP_CIPHER *aes_gcm;
	EVP_MD_CTX *digest;
	EVP_CIPHER_CTX *cipher;
	/* Random bytes are drawn some at a time: a call into the generator costs five times what 32 bytes of it do. This
	 * process never forks; if it did, parent and child would draw the same. */
	unsigned char pool[512];
	size_t pool_left;
};

/* This thread's contexts, or NULL without memory. They are wiped and freed when the thread ends. */
struct pa_contexts *pa_crypto_contexts(void);

/* Random bytes; false when the generator failed. */
bool pa_crypto_draw(struct pa_contexts *contexts, unsigned char *out, size_t count);

#endif
