/* require "native.crypto": random bytes, digests, encodings, sealing and passwords. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/openssl.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"
#include "store/keyring.h"

enum { RANDOM_MAX = 65536, PEM_MAX = 64 << 20 };

static struct pa_openssl *need_contexts(lua_State *L)
{
	struct pa_openssl *contexts = pa_openssl_of_thread();

	if (!contexts)
		pa_native_no_memory(L);
	return contexts;
}

/* Random bytes and digests */

static void random_bytes(lua_State *L, unsigned char *out, size_t count)
{
	if (!pa_openssl_random(need_contexts(L), out, count))
		luaL_error(L, "the random generator failed");
}

static int l_random(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 1);
	luaL_Buffer bytes;

	luaL_argcheck(L, count >= 1 && count <= RANDOM_MAX, 1, "must be 1 to 65536");
	char *room = luaL_buffinitsize(L, &bytes, (size_t)count);
	random_bytes(L, (unsigned char *)room, (size_t)count);
	luaL_pushresultsize(&bytes, (size_t)count);
	return 1;
}

static const EVP_MD *check_digest(lua_State *L, const struct pa_openssl *contexts, int index)
{
	static const char *const names[] = {"sha256", "sha1", NULL};

	return luaL_checkoption(L, index, NULL, names) == 0 ? contexts->sha256 : contexts->sha1;
}

static int l_digest(lua_State *L)
{
	struct pa_openssl *contexts = need_contexts(L);
	const EVP_MD *kind = check_digest(L, contexts, 1);
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned length;
	struct pa_span data = pa_native_check_span(L, 2);

	if (EVP_DigestInit_ex2(contexts->digest, kind, NULL) != 1 ||
		EVP_DigestUpdate(contexts->digest, data.at, data.length) != 1 ||
		EVP_DigestFinal_ex(contexts->digest, out, &length) != 1)
		return luaL_error(L, "the digest failed");
	lua_pushlstring(L, (const char *)out, length);
	return 1;
}

static int l_hmac(lua_State *L)
{
	const struct pa_openssl *contexts = need_contexts(L);
	const EVP_MD *kind = check_digest(L, contexts, 1);
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned length;
	struct pa_span key = pa_native_check_span(L, 2), data = pa_native_check_span(L, 3);

	luaL_argcheck(L, key.length <= INT32_MAX, 2, "too long");
	if (!HMAC(kind, key.at, (int)key.length, (const unsigned char *)data.at, data.length, out, &length))
		return luaL_error(L, "the HMAC failed");
	lua_pushlstring(L, (const char *)out, length);
	return 1;
}

static int l_equal(lua_State *L)
{
	struct pa_span a = pa_native_check_span(L, 1), b = pa_native_check_span(L, 2);

	lua_pushboolean(L, a.length == b.length && CRYPTO_memcmp(a.at, b.at, a.length) == 0);
	return 1;
}

/* Encodings */

static int l_hex(lua_State *L)
{
	luaL_Buffer text;
	struct pa_span data = pa_native_check_span(L, 1);
	char *out = luaL_buffinitsize(L, &text, data.length * 2);

	pa_text_write_hex((const unsigned char *)data.at, data.length, out);
	luaL_pushresultsize(&text, data.length * 2);
	return 1;
}

static int encode_argument(lua_State *L, bool url)
{
	luaL_Buffer text;
	struct pa_span data = pa_native_check_span(L, 1);
	char *room = luaL_buffinitsize(L, &text, PA_BASE64_ROOM(data.length));

	luaL_pushresultsize(&text, pa_base64_encode((const unsigned char *)data.at, data.length, url, room));
	return 1;
}

static int decode_argument(lua_State *L, bool url)
{
	luaL_Buffer bytes;
	struct pa_span text = pa_native_check_span(L, 1);
	char *room = luaL_buffinitsize(L, &bytes, text.length + 1);
	long length = pa_base64_decode(text.at, text.length, url, (unsigned char *)room);

	if (length < 0)
		return pa_native_fail(L, "bad_encoding", "the string is not %s", url ? "base64url" : "base64");
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
	char text[PA_BASE64_ROOM(sizeof random)];

	luaL_argcheck(L, count >= 1 && count <= (lua_Integer)sizeof random, 1, "must be 1 to 128");
	random_bytes(L, random, (size_t)count);
	lua_pushlstring(L, text, pa_base64_encode(random, (size_t)count, true, text));
	OPENSSL_cleanse(random, sizeof random);
	return 1;
}

/* Sealing */

static int seal_argument(lua_State *L, bool text)
{
	const struct pa_keyring *keyring = pa_native_services(L)->keys;
	luaL_Buffer bytes, encoded;

	need_contexts(L);
	struct pa_span plain = pa_native_check_span(L, 1), context = pa_native_check_span(L, 2);

	luaL_argcheck(L, plain.length <= PA_SEALED_MAX, 1, "too long to seal");
	luaL_argcheck(L, context.length <= PA_SEALED_MAX, 2, "too long");
	unsigned char *room = (unsigned char *)luaL_buffinitsize(L, &bytes, plain.length + PA_SEALED_EXTRA);
	size_t length = pa_keyring_seal(keyring, plain, context, room);
	if (length == 0)
		return luaL_error(L, "sealing failed");
	if (!text) {
		luaL_pushresultsize(&bytes, length);
		return 1;
	}
	char *letters = luaL_buffinitsize(L, &encoded, PA_BASE64_ROOM(length));
	luaL_pushresultsize(&encoded, pa_base64_encode(room, length, true, letters));
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

static int push_unsealed(lua_State *L, struct pa_span sealed)
{
	struct pa_keyring *keyring = pa_native_services(L)->keys;
	struct pa_span context = pa_native_check_span(L, 2);
	struct pa_error error;
	luaL_Buffer bytes;

	char *room = luaL_buffinitsize(L, &bytes, sealed.length + 1);
	long length = pa_keyring_unseal(keyring, sealed, context, (unsigned char *)room, &error);
	if (length < 0 && strcmp(error.code, "memory") == 0)
		pa_native_no_memory(L);
	if (length < 0)
		return pa_native_fail_with(L, &error);
	luaL_pushresultsize(&bytes, (size_t)length);
	return 1;
}

static int l_unseal(lua_State *L)
{
	return push_unsealed(L, pa_native_check_span(L, 1));
}

static int l_unseal_text(lua_State *L)
{
	luaL_Buffer bytes;
	struct pa_span text = pa_native_check_span(L, 1);

	luaL_checkstring(L, 2);
	char *room = luaL_buffinitsize(L, &bytes, text.length + 1);
	long length = pa_base64_decode(text.at, text.length, true, (unsigned char *)room);
	if (length < 0)
		return pa_native_fail(L, "damaged", "the sealed value is damaged");
	return push_unsealed(L, (struct pa_span){room, (size_t)length});
}

static int l_keys(lua_State *L)
{
	const struct pa_keyring *keyring = pa_native_services(L)->keys;

	lua_pushstring(L, pa_keyring_id(keyring, 0));
	lua_createtable(L, (int)pa_keyring_count(keyring), 0);
	for (size_t i = 0; i < pa_keyring_count(keyring); i++) {
		lua_pushstring(L, pa_keyring_id(keyring, i));
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 2;
}

/* Passwords: scrypt (RFC 7914) with twice the N it names for interactive use */

enum { SCRYPT_N = 1 << 15, SCRYPT_R = 8, SCRYPT_P = 1, SALT_BYTES = 16, HASH_BYTES = 32, SCRYPT_MEMORY = 64 << 20 };

/* Raises without memory, of which it needs 32 MiB: the wrong password is something else. */
static void scrypt(lua_State *L, struct pa_span password, const unsigned char *salt, unsigned char *out)
{
	if (EVP_PBE_scrypt(password.at, password.length, salt, SALT_BYTES, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, out,
			HASH_BYTES) == 1)
		return;
	ERR_clear_error();
	pa_native_no_memory(L);
}

static int l_password(lua_State *L)
{
	unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
	char salt_text[32], hash_text[64];
	struct pa_span password = pa_native_check_span(L, 1);

	random_bytes(L, salt, sizeof salt);
	scrypt(L, password, salt, hash);
	salt_text[pa_base64_encode(salt, sizeof salt, true, salt_text)] = '\0';
	hash_text[pa_base64_encode(hash, sizeof hash, true, hash_text)] = '\0';
	lua_pushfstring(L, "scrypt$%s$%s", salt_text, hash_text);
	return 1;
}

static int l_password_matches(lua_State *L)
{
	unsigned char salt[64], kept[64], hash[HASH_BYTES];
	struct pa_span password = pa_native_check_span(L, 1);
	size_t length;
	const char *text = luaL_checklstring(L, 2, &length);
	bool matches = false;

	/* "scrypt$", 22 characters of salt, '$', 43 of hash */
	if (length == 7 + 22 + 1 + 43 && strncmp(text, "scrypt$", 7) == 0 && text[29] == '$' &&
		pa_base64_decode(text + 7, 22, true, salt) == SALT_BYTES &&
		pa_base64_decode(text + 30, 43, true, kept) == HASH_BYTES) {
		scrypt(L, password, salt, hash);
		matches = CRYPTO_memcmp(hash, kept, HASH_BYTES) == 0;
	}
	lua_pushboolean(L, matches);
	return 1;
}

/* Certificates */

/* The number of certificates in PEM; -1 when one of them cannot be read. OpenSSL reads files in the same way when a
 * connection is made. */
static int count_certificates(struct pa_span pem)
{
	BIO *bytes = BIO_new_mem_buf(pem.at, (int)pem.length);
	STACK_OF(X509_INFO) *entries = bytes ? PEM_X509_INFO_read_bio(bytes, NULL, NULL, NULL) : NULL;
	int count = entries ? 0 : -1;

	for (int i = 0; i < sk_X509_INFO_num(entries); i++)
		count += sk_X509_INFO_value(entries, i)->x509 != NULL;
	sk_X509_INFO_pop_free(entries, X509_INFO_free);
	BIO_free(bytes);
	ERR_clear_error();
	return count;
}

static int l_certificates(lua_State *L)
{
	struct pa_span pem = pa_native_check_span(L, 1);

	luaL_argcheck(L, pem.length <= PEM_MAX, 1, "is too long");
	int count = count_certificates(pem);
	if (count <= 0)
		return pa_native_fail(L, "bad_certificate", "%s",
			count == 0 ? "it contains no certificate" : "it contains a certificate that cannot be read");
	lua_pushinteger(L, count);
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
		{"certificates", l_certificates},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	return 1;
}
