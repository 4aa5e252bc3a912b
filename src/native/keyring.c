/* The keys that seal what is stored, and sealing with them: AES-256-GCM, the key's id and the context authenticated. */
#include "crypto.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_openssl.h"
#include "encoding.h"

enum { KEY_BYTES = 32, KEYS_MAX = 16, ID_MAX = 16, NONCE_BYTES = 12, TAG_BYTES = 16 };

_Static_assert(PA_SEALED_EXTRA == 1 + ID_MAX + NONCE_BYTES + TAG_BYTES, "what sealing adds");

struct key {
	char id[ID_MAX + 1];
	unsigned char bytes[KEY_BYTES];
};

struct pa_keyring {
	struct key keys[KEYS_MAX];
	size_t count;
};

static const struct key *find_key(const struct pa_keyring *keyring, const unsigned char *id, size_t length)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (strlen(keyring->keys[i].id) == length && memcmp(keyring->keys[i].id, id, length) == 0)
			return &keyring->keys[i];
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
		int high = pa_hex_value(colon[1 + 2 * i]), low = pa_hex_value(colon[2 + 2 * i]);
		if (high < 0 || low < 0)
			return false;
		key->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

struct pa_keyring *pa_keyring_open(const char *keys, struct pa_error *error)
{
	struct pa_keyring *keyring = calloc(1, sizeof *keyring);

	if (!keyring) {
		pa_error_set(error, "key", "not enough memory");
		return NULL;
	}
	for (const char *at = keys; *at;) {
		size_t length = strcspn(at, ",");
		if (keyring->count == KEYS_MAX || !read_key(at, length, &keyring->keys[keyring->count])) {
			pa_error_set(
				error, "key", "SECRET_KEY must be ID:64 hex digits, or up to %d of them separated by commas", KEYS_MAX);
			pa_keyring_close(keyring);
			return NULL;
		}
		const struct key *key = &keyring->keys[keyring->count];
		if (find_key(keyring, (const unsigned char *)key->id, strlen(key->id))) {
			pa_error_set(error, "key", "SECRET_KEY has two keys of the name '%s'", key->id);
			pa_keyring_close(keyring);
			return NULL;
		}
		keyring->count++;
		at += length;
		at += *at == ',';
	}
	if (keyring->count == 0) {
		pa_error_set(error, "key", "SECRET_KEY is empty");
		pa_keyring_close(keyring);
		return NULL;
	}
	return keyring;
}

void pa_keyring_close(struct pa_keyring *keyring)
{
	if (!keyring)
		return;
	OPENSSL_cleanse(keyring, sizeof *keyring);
	free(keyring);
}

size_t pa_keyring_count(const struct pa_keyring *keyring)
{
	return keyring->count;
}

const char *pa_keyring_id(const struct pa_keyring *keyring, size_t index)
{
	return keyring->keys[index].id;
}

/* Sealed: length of the key's id, id, nonce, ciphertext, tag. The id with its length, which ends it, is authenticated
 * before the context. */

size_t pa_keyring_seal(
	const struct pa_keyring *keyring, struct pa_span plain, struct pa_span context, unsigned char *out)
{
	struct pa_contexts *contexts = pa_crypto_contexts();
	const struct key *key = &keyring->keys[0];
	size_t id = strlen(key->id);
	unsigned char *nonce = out + 1 + id, *body = nonce + NONCE_BYTES;
	int length, last;

	if (!contexts || plain.length > PA_SEALED_MAX || context.length > PA_SEALED_MAX)
		return 0;
	EVP_CIPHER_CTX *cipher = contexts->cipher;
	out[0] = (unsigned char)id;
	memcpy(out + 1, key->id, id);
	if (!pa_crypto_draw(contexts, nonce, NONCE_BYTES) ||
		EVP_EncryptInit_ex2(cipher, contexts->aes_gcm, key->bytes, nonce, NULL) != 1 ||
		EVP_EncryptUpdate(cipher, NULL, &length, out, (int)(1 + id)) != 1 ||
		EVP_EncryptUpdate(cipher, NULL, &length, (const unsigned char *)context.at, (int)context.length) != 1 ||
		EVP_EncryptUpdate(cipher, body, &length, (const unsigned char *)plain.at, (int)plain.length) != 1 ||
		EVP_EncryptFinal_ex(cipher, body + length, &last) != 1 ||
		EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + plain.length) != 1)
		return 0;
	return 1 + id + NONCE_BYTES + plain.length + TAG_BYTES;
}

long pa_keyring_unseal(const struct pa_keyring *keyring, struct pa_span sealed, struct pa_span context,
	unsigned char *out, struct pa_error *error)
{
	struct pa_contexts *contexts = pa_crypto_contexts();
	const unsigned char *at = (const unsigned char *)sealed.at;
	size_t id = sealed.length > 0 ? at[0] : 0;
	int length, last;

	if (!contexts || id == 0 || id > ID_MAX || sealed.length < 1 + id + NONCE_BYTES + TAG_BYTES ||
		sealed.length > PA_SEALED_MAX + PA_SEALED_EXTRA || context.length > PA_SEALED_MAX)
		return pa_error_set(error, "damaged", "the sealed value is damaged");
	const struct key *key = find_key(keyring, at + 1, id);
	if (!key)
		return pa_error_set(error, "unknown_key", "the value was sealed with a key that SECRET_KEY does not have");
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
		OPENSSL_cleanse(out, size); /* decrypted, but by nobody's word */
		return pa_error_set(error, "damaged", "the sealed value is damaged or belongs elsewhere");
	}
	return (long)size;
}
