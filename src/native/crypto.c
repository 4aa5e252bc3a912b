/* Random bytes, digests, encodings, sealing and passwords: the only file that includes OpenSSL. */
#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

enum {
	KEY_BYTES = 32,
	KEYS_MAX = 16,
	ID_MAX = 16,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
	RANDOM_MAX = 65536,
	DIGEST_MAX = EVP_MAX_MD_SIZE,
};

struct key {
	char id[ID_MAX + 1];
	unsigned char bytes[KEY_BYTES];
};

struct pa_keyring {
	struct key keys[KEYS_MAX];
	size_t count;
};

/* What OpenSSL 3 is slow to look up is looked up once in the process; contexts are each thread's own. */
static struct {
	pthread_once_t once;
	pthread_key_t context_key;
	EVP_MD *sha256, *sha1;
	EVP_CIPHER *aes_gcm;
} fetched = {.once = PTHREAD_ONCE_INIT};

struct contexts {
	EVP_MD_CTX *digest;
	EVP_CIPHER_CTX *cipher;
	/* Random bytes are drawn some at a time: a call into the generator costs more than what it gives. */
	unsigned char pool[512];
	size_t pool_left;
};

static void free_contexts(void *held)
{
	struct contexts *contexts = held;

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

/* This thread's contexts, or NULL without memory. */
static struct contexts *contexts_of_thread(void)
{
	pthread_once(&fetched.once, fetch);
	struct contexts *contexts = pthread_getspecific(fetched.context_key);
	if (contexts)
		return contexts;
	contexts = calloc(1, sizeof *contexts);
	if (!contexts)
		return NULL;
	contexts->digest = EVP_MD_CTX_new();
	contexts->cipher = EVP_CIPHER_CTX_new();
	if (!contexts->digest || !contexts->cipher || !fetched.sha256 || !fetched.sha1 || !fetched.aes_gcm ||
		pthread_setspecific(fetched.context_key, contexts) != 0) {
		free_contexts(contexts);
		return NULL;
	}
	return contexts;
}

static struct contexts *need_contexts(lua_State *L)
{
	struct contexts *contexts = contexts_of_thread();

	if (!contexts)
		luaL_error(L, "OpenSSL is out of memory");
	return contexts;
}

static bool draw(struct contexts *contexts, unsigned char *out, size_t count)
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
	OPENSSL_cleanse(at, count); /* what was given out is never there to be found */
	contexts->pool_left -= count;
	return true;
}

/* Keys */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
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
		int high = hex_value(colon[1 + 2 * i]), low = hex_value(colon[2 + 2 * i]);
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

/* Random, digests */

static int l_random(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 1);
	luaL_Buffer bytes;

	luaL_argcheck(L, count >= 1 && count <= RANDOM_MAX, 1, "must be 1 to 65536");
	char *room = luaL_buffinitsize(L, &bytes, (size_t)count);
	if (!draw(need_contexts(L), (unsigned char *)room, (size_t)count))
		return luaL_error(L, "the random generator failed");
	luaL_pushresultsize(&bytes, (size_t)count);
	return 1;
}

static const EVP_MD *check_digest(lua_State *L, int index)
{
	static const char *const names[] = {"sha256", "sha1", NULL};

	return luaL_checkoption(L, index, NULL, names) == 0 ? fetched.sha256 : fetched.sha1;
}

static int l_digest(lua_State *L)
{
	struct contexts *contexts = need_contexts(L);
	const EVP_MD *kind = check_digest(L, 1);
	unsigned char out[DIGEST_MAX];
	unsigned length;
	size_t size;
	const char *data = luaL_checklstring(L, 2, &size);

	if (EVP_DigestInit_ex2(contexts->digest, kind, NULL) != 1 || EVP_DigestUpdate(contexts->digest, data, size) != 1 ||
		EVP_DigestFinal_ex(contexts->digest, out, &length) != 1)
		return luaL_error(L, "the digest failed");
	lua_pushlstring(L, (const char *)out, length);
	return 1;
}

static int l_hmac(lua_State *L)
{
	need_contexts(L);
	const EVP_MD *kind = check_digest(L, 1);
	unsigned char out[DIGEST_MAX];
	unsigned length;
	size_t key_size, size;
	const char *key = luaL_checklstring(L, 2, &key_size), *data = luaL_checklstring(L, 3, &size);

	luaL_argcheck(L, key_size <= INT32_MAX, 2, "too long");
	if (!HMAC(kind, key, (int)key_size, (const unsigned char *)data, size, out, &length))
		return luaL_error(L, "the HMAC failed");
	lua_pushlstring(L, (const char *)out, length);
	return 1;
}

static int l_equal(lua_State *L)
{
	size_t a_size, b_size;
	const char *a = luaL_checklstring(L, 1, &a_size), *b = luaL_checklstring(L, 2, &b_size);

	lua_pushboolean(L, a_size == b_size && CRYPTO_memcmp(a, b, a_size) == 0);
	return 1;
}

/* Encodings */

static int l_hex(lua_State *L)
{
	static const char digits[] = "0123456789abcdef";
	luaL_Buffer text;
	size_t size;
	const char *data = luaL_checklstring(L, 1, &size);
	char *out = luaL_buffinitsize(L, &text, size * 2 + 1);

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[(unsigned char)data[i] >> 4];
		*out++ = digits[(unsigned char)data[i] & 15];
	}
	luaL_pushresultsize(&text, size * 2);
	return 1;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode64(const unsigned char *data, size_t size, bool url, char *out)
{
	const char *letters = url ? alphabet_url : alphabet;
	char *begin = out;

	for (; size >= 3; size -= 3, data += 3) {
		*out++ = letters[data[0] >> 2];
		*out++ = letters[(data[0] & 3) << 4 | data[1] >> 4];
		*out++ = letters[(data[1] & 15) << 2 | data[2] >> 6];
		*out++ = letters[data[2] & 63];
	}
	if (size > 0) {
		*out++ = letters[data[0] >> 2];
		*out++ = letters[(data[0] & 3) << 4 | (size > 1 ? data[1] >> 4 : 0)];
		if (size > 1)
			*out++ = letters[(data[1] & 15) << 2];
		else if (!url)
			*out++ = '=';
		if (!url)
			*out++ = '=';
	}
	return (size_t)(out - begin);
}

static int letter_value(char letter, bool url)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == (url ? '-' : '+') ? 62 : letter == (url ? '_' : '/') ? 63 : -1;
}

/* The decoded length, or -1; strict: no white space, exact padding, no bits left over. */
static long decode64(const char *text, size_t size, bool url, unsigned char *out)
{
	unsigned char *begin = out;
	uint32_t bits = 0;
	int count = 0;

	if (!url) {
		if (size % 4 != 0)
			return -1;
		for (int i = 0; i < 2 && size > 0 && text[size - 1] == '='; i++)
			size--;
	}
	if (size % 4 == 1)
		return -1;
	for (size_t i = 0; i < size; i++) {
		int value = letter_value(text[i], url);
		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (unsigned char)(bits >> count);
		}
	}
	return (bits & ((1u << count) - 1)) == 0 ? (long)(out - begin) : -1;
}

static int encode_argument(lua_State *L, bool url)
{
	luaL_Buffer text;
	size_t size;
	const char *data = luaL_checklstring(L, 1, &size);
	char *room = luaL_buffinitsize(L, &text, size / 3 * 4 + 5);

	luaL_pushresultsize(&text, encode64((const unsigned char *)data, size, url, room));
	return 1;
}

static int decode_argument(lua_State *L, bool url)
{
	luaL_Buffer bytes;
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	char *room = luaL_buffinitsize(L, &bytes, size + 1);
	long length = decode64(text, size, url, (unsigned char *)room);

	if (length < 0)
		return pa_native_fail(L, "bad_encoding", "not %s", url ? "base64url" : "base64");
	luaL_pushresultsize(&bytes, (size_t)length);
	return 1;
}

static int l_base64(lua_State *L)
{
	return encode_argument(L, false);
}

static int l_base64url(lua_State *L)
{
	return encode_argument(L, true);
}

static int l_unbase64(lua_State *L)
{
	return decode_argument(L, false);
}

static int l_unbase64url(lua_State *L)
{
	return decode_argument(L, true);
}

static int l_token(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 1);
	unsigned char random[128];
	char text[sizeof random / 3 * 4 + 8];

	luaL_argcheck(L, count >= 1 && count <= (lua_Integer)sizeof random, 1, "must be 1 to 128");
	if (!draw(need_contexts(L), random, (size_t)count))
		return luaL_error(L, "the random generator failed");
	lua_pushlstring(L, text, encode64(random, (size_t)count, true, text));
	OPENSSL_cleanse(random, sizeof random);
	return 1;
}

/* Sealing: length of the key's id, id, nonce, ciphertext, tag. The id is part of the associated data. */

/* Writes at most size + 1 + ID_MAX + NONCE_BYTES + TAG_BYTES bytes; the length, or 0 when OpenSSL failed. */
static size_t seal(struct contexts *contexts, const struct key *key, const char *plain, size_t size,
	const char *context, size_t context_size, unsigned char *out)
{
	size_t id = strlen(key->id);
	unsigned char *nonce = out + 1 + id, *body = nonce + NONCE_BYTES;
	int length, last;

	out[0] = (unsigned char)id;
	memcpy(out + 1, key->id, id);
	if (!draw(contexts, nonce, NONCE_BYTES) ||
		EVP_EncryptInit_ex2(contexts->cipher, fetched.aes_gcm, key->bytes, nonce, NULL) != 1 ||
		EVP_EncryptUpdate(contexts->cipher, NULL, &length, out, (int)(1 + id)) != 1 ||
		EVP_EncryptUpdate(contexts->cipher, NULL, &length, (const unsigned char *)context, (int)context_size) != 1 ||
		EVP_EncryptUpdate(contexts->cipher, body, &length, (const unsigned char *)plain, (int)size) != 1 ||
		EVP_EncryptFinal_ex(contexts->cipher, body + length, &last) != 1 ||
		EVP_CIPHER_CTX_ctrl(contexts->cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + size) != 1)
		return 0;
	return 1 + id + NONCE_BYTES + size + TAG_BYTES;
}

static const struct key *find_key(const struct pa_keyring *keyring, const unsigned char *id, size_t length)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (strlen(keyring->keys[i].id) == length && memcmp(keyring->keys[i].id, id, length) == 0)
			return &keyring->keys[i];
	return NULL;
}

/* The length of what it wrote into `out` (room for `size` bytes), or -1 with *error. */
static long unseal(struct contexts *contexts, const struct pa_keyring *keyring, const unsigned char *sealed,
	size_t size, const char *context, size_t context_size, unsigned char *out, struct pa_error *error)
{
	size_t id = size > 0 ? sealed[0] : 0;
	int length, last;

	if (id == 0 || id > ID_MAX || size < 1 + id + NONCE_BYTES + TAG_BYTES)
		return pa_error_set(error, "damaged", "the sealed value is damaged");
	const struct key *key = find_key(keyring, sealed + 1, id);
	if (!key)
		return pa_error_set(error, "unknown_key", "the value was sealed with a key that SECRET_KEY does not have");
	const unsigned char *nonce = sealed + 1 + id, *body = nonce + NONCE_BYTES;
	size_t body_size = size - 1 - id - NONCE_BYTES - TAG_BYTES;
	if (EVP_DecryptInit_ex2(contexts->cipher, fetched.aes_gcm, key->bytes, nonce, NULL) != 1 ||
		EVP_DecryptUpdate(contexts->cipher, NULL, &length, sealed, (int)(1 + id)) != 1 ||
		EVP_DecryptUpdate(contexts->cipher, NULL, &length, (const unsigned char *)context, (int)context_size) != 1 ||
		EVP_DecryptUpdate(contexts->cipher, out, &length, body, (int)body_size) != 1 ||
		EVP_CIPHER_CTX_ctrl(
			contexts->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, (void *)(uintptr_t)(body + body_size)) != 1 ||
		EVP_DecryptFinal_ex(contexts->cipher, out + length, &last) != 1)
		return pa_error_set(error, "damaged", "the sealed value is damaged or belongs elsewhere");
	return (long)body_size;
}

enum { SEALED_MAX = 1 << 20 };

static int seal_argument(lua_State *L, bool text)
{
	const struct pa_keyring *keyring = pa_native_services(L)->keys;
	luaL_Buffer bytes, encoded;
	size_t size, context_size;
	const char *plain = luaL_checklstring(L, 1, &size), *context = luaL_checklstring(L, 2, &context_size);

	luaL_argcheck(L, size <= SEALED_MAX, 1, "too long to seal");
	char *room = luaL_buffinitsize(L, &bytes, size + 1 + ID_MAX + NONCE_BYTES + TAG_BYTES);
	size_t length =
		seal(need_contexts(L), &keyring->keys[0], plain, size, context, context_size, (unsigned char *)room);
	if (length == 0)
		return luaL_error(L, "sealing failed");
	if (!text) {
		luaL_pushresultsize(&bytes, length);
		return 1;
	}
	char *letters = luaL_buffinitsize(L, &encoded, length / 3 * 4 + 5);
	luaL_pushresultsize(&encoded, encode64((const unsigned char *)room, length, true, letters));
	return 1;
}

static int l_seal(lua_State *L)
{
	return seal_argument(L, false);
}

static int l_seal_text(lua_State *L)
{
	return seal_argument(L, true);
}

static int push_unsealed(lua_State *L, const unsigned char *sealed, size_t size)
{
	const struct pa_keyring *keyring = pa_native_services(L)->keys;
	struct pa_error error;
	luaL_Buffer bytes;
	size_t context_size;
	const char *context = luaL_checklstring(L, 2, &context_size);
	char *room = luaL_buffinitsize(L, &bytes, size + 1);
	long length = unseal(need_contexts(L), keyring, sealed, size, context, context_size, (unsigned char *)room, &error);

	if (length < 0)
		return pa_native_fail_with(L, &error);
	luaL_pushresultsize(&bytes, (size_t)length);
	return 1;
}

static int l_unseal(lua_State *L)
{
	size_t size;
	const char *sealed = luaL_checklstring(L, 1, &size);

	return push_unsealed(L, (const unsigned char *)sealed, size);
}

static int l_unseal_text(lua_State *L)
{
	luaL_Buffer bytes;
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);

	luaL_checkstring(L, 2);
	char *room = luaL_buffinitsize(L, &bytes, size + 1);
	long length = decode64(text, size, true, (unsigned char *)room);
	if (length < 0)
		return pa_native_fail(L, "damaged", "the sealed value is damaged");
	return push_unsealed(L, (const unsigned char *)room, (size_t)length);
}

static int l_keys(lua_State *L)
{
	const struct pa_keyring *keyring = pa_native_services(L)->keys;

	lua_pushstring(L, keyring->keys[0].id);
	lua_createtable(L, (int)keyring->count, 0);
	for (size_t i = 0; i < keyring->count; i++) {
		lua_pushstring(L, keyring->keys[i].id);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 2;
}

/* Passwords: scrypt with the parameters of RFC 7914's interactive use, at twice its cost. */

enum { SCRYPT_N = 1 << 15, SCRYPT_R = 8, SCRYPT_P = 1, SALT_BYTES = 16, HASH_BYTES = 32, SCRYPT_MEMORY = 64 << 20 };

static bool scrypt(const char *password, size_t size, const unsigned char *salt, unsigned char *out)
{
	return EVP_PBE_scrypt(
			   password, size, salt, SALT_BYTES, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, out, HASH_BYTES) == 1;
}

static int l_password(lua_State *L)
{
	unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
	char salt_text[32], hash_text[64];
	size_t size;
	const char *password = luaL_checklstring(L, 1, &size);

	if (RAND_bytes(salt, sizeof salt) != 1 || !scrypt(password, size, salt, hash))
		return luaL_error(L, "scrypt failed");
	salt_text[encode64(salt, sizeof salt, true, salt_text)] = '\0';
	hash_text[encode64(hash, sizeof hash, true, hash_text)] = '\0';
	lua_pushfstring(L, "scrypt$%s$%s", salt_text, hash_text);
	return 1;
}

static int l_password_matches(lua_State *L)
{
	unsigned char salt[64], kept[64], hash[HASH_BYTES];
	size_t size, length;
	const char *password = luaL_checklstring(L, 1, &size), *text = luaL_checklstring(L, 2, &length);
	bool matches = false;

	/* 7 letters, 22 of salt, '$', 43 of hash */
	if (length == 7 + 22 + 1 + 43 && strncmp(text, "scrypt$", 7) == 0 && text[29] == '$' &&
		decode64(text + 7, 22, true, salt) == SALT_BYTES && decode64(text + 30, 43, true, kept) == HASH_BYTES)
		matches = scrypt(password, size, salt, hash) && CRYPTO_memcmp(hash, kept, HASH_BYTES) == 0;
	lua_pushboolean(L, matches);
	return 1;
}

int pa_native_open_crypto(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"random", l_random},
		{"token", l_token},
		{"digest", l_digest},
		{"hmac", l_hmac},
		{"equal", l_equal},
		{"hex", l_hex},
		{"base64", l_base64},
		{"unbase64", l_unbase64},
		{"base64url", l_base64url},
		{"unbase64url", l_unbase64url},
		{"seal", l_seal},
		{"unseal", l_unseal},
		{"seal_text", l_seal_text},
		{"unseal_text", l_unseal_text},
		{"keys", l_keys},
		{"password", l_password},
		{"password_matches", l_password_matches},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	return 1;
}
