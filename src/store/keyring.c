/* Reads keys; seals with AES-256-GCM, the key's id and the context as associated data. */
#include "store/keyring.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/openssl.h"
#include "base/text.h"

enum { KEY_BYTES = 32, KEYS_MAX = 16, ID_MAX = 16, NONCE_BYTES = 12, TAG_BYTES = 16 };

_Static_assert(PA_SEALED_EXTRA == 1 + ID_MAX + NONCE_BYTES + TAG_BYTES, "PA_SEALED_EXTRA is what sealing adds");

struct key {
	char id[ID_MAX + 1];
	unsigned char bytes[KEY_BYTES];
};

/* The keys at one time. A ring never changes and is freed only with the keyring: readers need no lock. */
struct ring {
	struct key keys[KEYS_MAX];
	size_t count;
	struct ring *older;
};

struct pa_keyring {
	_Atomic(struct ring *) current;
	pthread_mutex_t mutex;    /* for all that follows */
	char *file;               /* to read when a key is missing, or NULL */
	struct timespec modified; /* of the file when it was last read */
	ino_t inode;              /* likewise */
};

static const struct ring *ring_of(const struct pa_keyring *keyring)
{
	return atomic_load_explicit(&keyring->current, memory_order_acquire);
}

static const struct key *find_key(const struct ring *ring, const unsigned char *id, size_t length)
{
	for (size_t i = 0; i < ring->count; i++)
		if (strlen(ring->keys[i].id) == length && memcmp(ring->keys[i].id, id, length) == 0)
			return &ring->keys[i];
	return NULL;
}

static bool read_key(const char *entry, size_t length, struct key *key)
{
	const char *colon = memchr(entry, ':', length);
	size_t id = colon ? (size_t)(colon - entry) : 0;

	if (id < 1 || id > ID_MAX || length - id - 1 != 2 * (size_t)KEY_BYTES)
		return false;
	for (size_t i = 0; i < id; i++)
		if (!(entry[i] >= 'a' && entry[i] <= 'z') && !(entry[i] >= '0' && entry[i] <= '9'))
			return false;
	memcpy(key->id, entry, id);
	for (size_t i = 0; i < KEY_BYTES; i++) {
		int high = pa_text_hex_value(colon[1 + 2 * i]), low = pa_text_hex_value(colon[2 + 2 * i]);
		if (high < 0 || low < 0)
			return false;
		key->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static void free_ring(struct ring *ring)
{
	OPENSSL_cleanse(ring, sizeof *ring);
	free(ring);
}

static struct ring *read_ring(const char *keys, struct pa_error *error)
{
	struct ring *ring = calloc(1, sizeof *ring);

	if (!ring) {
		pa_error_set(error, "key", "not enough memory");
		return NULL;
	}
	for (const char *at = keys; *at;) {
		size_t length = strcspn(at, ",");
		struct key *key = &ring->keys[ring->count];
		if (ring->count == KEYS_MAX || !read_key(at, length, key)) {
			pa_error_set(
				error, "key", "SECRET_KEY must be ID:64 hex digits, or up to %d of them separated by commas", KEYS_MAX);
			free_ring(ring);
			return NULL;
		}
		if (find_key(ring, (const unsigned char *)key->id, strlen(key->id))) {
			pa_error_set(error, "key", "SECRET_KEY has two keys with the id '%s'", key->id);
			free_ring(ring);
			return NULL;
		}
		ring->count++;
		at += length;
		at += *at == ',';
	}
	if (ring->count == 0) {
		pa_error_set(error, "key", "SECRET_KEY is empty");
		free_ring(ring);
		return NULL;
	}
	return ring;
}

struct pa_keyring *pa_keyring_open(const char *keys, struct pa_error *error)
{
	struct pa_keyring *keyring = calloc(1, sizeof *keyring);
	struct ring *ring = keyring ? read_ring(keys, error) : NULL;

	if (!ring) {
		if (!keyring)
			pa_error_set(error, "key", "not enough memory");
		free(keyring);
		return NULL;
	}
	pthread_mutex_init(&keyring->mutex, NULL);
	atomic_init(&keyring->current, ring);
	return keyring;
}

int pa_keyring_follow(struct pa_keyring *keyring, const char *file, struct pa_error *error)
{
	keyring->file = strdup(file);
	return keyring->file ? 0 : pa_error_set(error, "key", "not enough memory");
}

/* Reads the first line of the file, if the file has changed since the last reading. False when there is nothing new. */
static bool read_file(struct pa_keyring *keyring, char *text, size_t size)
{
	struct stat stat;
	ssize_t got = -1;
	int fd = open(keyring->file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &stat) == 0 &&
		(stat.st_ino != keyring->inode || memcmp(&stat.st_mtim, &keyring->modified, sizeof stat.st_mtim) != 0)) {
		keyring->inode = stat.st_ino;
		keyring->modified = stat.st_mtim;
		got = read(fd, text, size - 1);
	}
	close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	text[strcspn(text, " \t\r\n")] = '\0';
	return true;
}

/* Uses the keys that are in the file now, if they are new and valid. */
static void reread_file(struct pa_keyring *keyring)
{
	char text[KEYS_MAX * (ID_MAX + 2 * KEY_BYTES + 2) + 2];

	pthread_mutex_lock(&keyring->mutex);
	if (keyring->file && read_file(keyring, text, sizeof text)) {
		struct ring *ring = read_ring(text, NULL);
		if (ring) {
			ring->older = atomic_load_explicit(&keyring->current, memory_order_relaxed);
			atomic_store_explicit(&keyring->current, ring, memory_order_release);
		}
	}
	pthread_mutex_unlock(&keyring->mutex);
	OPENSSL_cleanse(text, sizeof text);
}

void pa_keyring_close(struct pa_keyring *keyring)
{
	struct ring *older;

	if (!keyring)
		return;
	for (struct ring *ring = atomic_load(&keyring->current); ring; ring = older) {
		older = ring->older;
		free_ring(ring);
	}
	pthread_mutex_destroy(&keyring->mutex);
	free(keyring->file);
	free(keyring);
}

size_t pa_keyring_count(const struct pa_keyring *keyring)
{
	return ring_of(keyring)->count;
}

const char *pa_keyring_id(const struct pa_keyring *keyring, size_t index)
{
	const struct ring *ring = ring_of(keyring);

	return index < ring->count ? ring->keys[index].id : NULL;
}

/* The form of a sealed value: length of the key's id (1 byte), id, nonce, ciphertext, tag. The associated data is the
 * first two of these, then the context. */

size_t pa_keyring_seal(
	const struct pa_keyring *keyring, struct pa_span plain, struct pa_span context, unsigned char *out)
{
	struct pa_openssl *contexts = pa_openssl_of_thread();
	const struct key *key = &ring_of(keyring)->keys[0];
	size_t id = strlen(key->id);
	unsigned char *nonce = out + 1 + id, *body = nonce + NONCE_BYTES;
	int length, last;

	if (!contexts || plain.length > PA_SEALED_MAX || context.length > PA_SEALED_MAX)
		return 0;
	EVP_CIPHER_CTX *cipher = contexts->cipher;
	out[0] = (unsigned char)id;
	memcpy(out + 1, key->id, id);
	if (!pa_openssl_random(contexts, nonce, NONCE_BYTES) ||
		EVP_EncryptInit_ex2(cipher, contexts->aes_gcm, key->bytes, nonce, NULL) != 1 ||
		EVP_EncryptUpdate(cipher, NULL, &length, out, (int)(1 + id)) != 1 ||
		EVP_EncryptUpdate(cipher, NULL, &length, (const unsigned char *)context.at, (int)context.length) != 1 ||
		EVP_EncryptUpdate(cipher, body, &length, (const unsigned char *)plain.at, (int)plain.length) != 1 ||
		EVP_EncryptFinal_ex(cipher, body + length, &last) != 1 ||
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + plain.length) != 1)
		return 0;
	return 1 + id + NONCE_BYTES + plain.length + TAG_BYTES;
}

long pa_keyring_unseal(struct pa_keyring *keyring, struct pa_span sealed, struct pa_span context, unsigned char *out,
	struct pa_error *error)
{
	struct pa_openssl *contexts = pa_openssl_of_thread();
	const unsigned char *at = (const unsigned char *)sealed.at;
	size_t id = sealed.length > 0 ? at[0] : 0;
	int length, last;

	if (!contexts)
		return pa_error_set(error, "memory", "not enough memory for OpenSSL");
	if (id == 0 || id > ID_MAX || sealed.length < 1 + id + NONCE_BYTES + TAG_BYTES ||
		sealed.length > PA_SEALED_MAX + PA_SEALED_EXTRA || context.length > PA_SEALED_MAX)
		return pa_error_set(error, "damaged", "the sealed value is damaged");
	const struct key *key = find_key(ring_of(keyring), at + 1, id);
	if (!key) {
		reread_file(keyring);
		key = find_key(ring_of(keyring), at + 1, id);
	}
	if (!key)
		return pa_error_set(
			error, "unknown_key", "the value was sealed with a key that SECRET_KEY does not have: add that key again");
	const unsigned char *nonce = at + 1 + id, *body = nonce + NONCE_BYTES;
	size_t size = sealed.length - 1 - id - NONCE_BYTES - TAG_BYTES;
	unsigned char tag[TAG_BYTES];
	memcpy(tag, body + size, sizeof tag);
	EVP_CIPHER_CTX *cipher = contexts->cipher;
	if (EVP_DecryptInit_ex2(cipher, contexts->aes_gcm, key->bytes, nonce, NULL) != 1 ||
		EVP_DecryptUpdate(cipher, NULL, &length, at, (int)(1 + id)) != 1 ||
		EVP_DecryptUpdate(cipher, NULL, &length, (const unsigned char *)context.at, (int)context.length) != 1 ||
		EVP_DecryptUpdate(cipher, out, &length, body, (int)size) != 1 ||
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 ||
		EVP_DecryptFinal_ex(cipher, out + length, &last) != 1) {
		OPENSSL_cleanse(out, size); /* not authenticated: wipe it */
		return pa_error_set(error, "damaged", "the sealed value is damaged or belongs elsewhere");
	}
	return (long)size;
}
