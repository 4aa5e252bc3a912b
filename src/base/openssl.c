/* Makes contexts once for each thread and fetches algorithms once for the process: both are slow in OpenSSL 3. */
#include "base/openssl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
	pthread_once_t once;
	pthread_key_t context_key;
	EVP_MD *sha256, *sha1;
	EVP_CIPHER *aes_gcm;
} fetched = {.once = PTHREAD_ONCE_INIT};

static void free_contexts(void *held)
{
	struct pa_openssl *contexts = held;

	EVP_MD_CTX_free(contexts->digest);
	EVP_CIPHER_CTX_free(contexts->cipher);
	OPENSSL_cleanse(contexts, sizeof *contexts);
	free(contexts);
}

static void fetch(void)
{
	pthread_key_create(&fetched.context_key, free_contexts);
	fetched.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	fetched.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	fetched.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

struct pa_openssl *pa_openssl_of_thread(void)
{
	pthread_once(&fetched.once, fetch);
	struct pa_openssl *contexts = pthread_getspecific(fetched.context_key);
	if (contexts)
		return contexts;
	contexts = calloc(1, sizeof *contexts);
	if (!contexts)
		return NULL;
	contexts->sha256 = fetched.sha256;
	contexts->sha1 = fetched.sha1;
	contexts->aes_gcm = fetched.aes_gcm;
	contexts->digest = EVP_MD_CTX_new();
	contexts->cipher = EVP_CIPHER_CTX_new();
	if (!contexts->digest || !contexts->cipher || !fetched.sha256 || !fetched.sha1 || !fetched.aes_gcm ||
		pthread_setspecific(fetched.context_key, contexts) != 0) {
		free_contexts(contexts);
		return NULL;
	}
	return contexts;
}

bool pa_openssl_random(struct pa_openssl *contexts, unsigned char *out, size_t count)
{
	if (count > sizeof contexts->pool / 4)
		return RAND_bytes(out, (int)count) == 1;
	if (contexts->pool_left < count) {
		if (RAND_bytes(contexts->pool, sizeof contexts->pool) != 1)
			return false;
		contexts->pool_left = sizeof contexts->pool;
	}
	unsigned char *at = contexts->pool + sizeof contexts->pool - contexts->pool_left;
	memcpy(out, at, count);
	OPENSSL_cleanse(at, count); /* no copy of random bytes in use stays here */
	contexts->pool_left -= count;
	return true;
}
