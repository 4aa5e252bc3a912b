/*
 * OpenSSL's contexts and randomness, kept by thread: for native/crypto and store/keyring, the only files besides this
 * one that call OpenSSL.
 */
#ifndef PA_OPENSSL_H
#define PA_OPENSSL_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stddef.h>

struct pa_openssl {
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
struct pa_openssl *pa_openssl_of_thread(void);

/* Fills `out` with random bytes; false when the generator failed. */
bool pa_openssl_random(struct pa_openssl *contexts, unsigned char *out, size_t count);

#endif
