/* native.crypto when OpenSSL gets no memory: that is raised as such, and is neither a wrong password nor a damaged
 * value. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/openssl.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"
#include "store/keyring.h"

static atomic_size_t largest = SIZE_MAX; /* bytes that OpenSSL may allocate at once */

static void *allocate(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size <= atomic_load(&largest) ? malloc(size) : NULL;
}

static void *reallocate(void *block, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size <= atomic_load(&largest) ? realloc(block, size) : NULL;
}

static void release(void *block, const char *file, int line)
{
	(void)file, (void)line;
	free(block);
}

struct fixture {
	struct pa_native_call call;
	struct pa_services services;
	struct pa_native_context context;
	lua_State *L; /* its first value is the module */
};

static int l_open(lua_State *L)
{
	pa_native_prepare(L);
	return pa_native_open_crypto(L);
}

static int set_up(void **state)
{
	static const char key[] = "k1:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct pa_error error;

	assert_non_null(fixture);
	fixture->services.keys = pa_keyring_open(key, &error);
	assert_non_null(fixture->services.keys);
	fixture->context = (struct pa_native_context){.services = &fixture->services, .call = &fixture->call};
	fixture->L = luaL_newstate();
	assert_non_null(fixture->L);
	pa_native_attach(fixture->L, &fixture->context);
	lua_pushcfunction(fixture->L, l_open);
	assert_int_equal(lua_pcall(fixture->L, 0, 1, 0), LUA_OK);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	atomic_store(&largest, SIZE_MAX);
	lua_close(fixture->L);
	pa_keyring_close(fixture->services.keys);
	free(fixture);
	return 0;
}

/* Calls a function of the module with two strings, of which the second may be NULL. Its first result is on top. */
static int call(struct fixture *fixture, const char *name, const char *one, const char *other)
{
	fixture->context.refused = false;
	lua_settop(fixture->L, 1);
	lua_getfield(fixture->L, 1, name);
	lua_pushstring(fixture->L, one);
	lua_pushstring(fixture->L, other);
	return lua_pcall(fixture->L, 2, 1, 0);
}

static void assert_no_memory(struct fixture *fixture, int result)
{
	assert_int_equal(result, LUA_ERRMEM); /* so Lua raises that message */
	assert_string_equal(lua_tostring(fixture->L, -1), "not enough memory");
	assert_true(fixture->context.refused);
}

static void SBX_09_a_password_is_not_wrong_without_memory(void **state)
{
	struct fixture *fixture = *state;
	char hash[128];

	assert_int_equal(call(fixture, "password", "secret", NULL), LUA_OK);
	strcpy(hash, lua_tostring(fixture->L, -1));
	atomic_store(&largest, 1 << 20); /* scrypt needs 32 MiB */
	assert_no_memory(fixture, call(fixture, "password_matches", "secret", hash));
	assert_no_memory(fixture, call(fixture, "password", "secret", NULL));
	atomic_store(&largest, SIZE_MAX);
	assert_int_equal(call(fixture, "password_matches", "secret", hash), LUA_OK);
	assert_true(lua_toboolean(fixture->L, -1));
	assert_int_equal(call(fixture, "password_matches", "other", hash), LUA_OK);
	assert_false(lua_toboolean(fixture->L, -1));
}

/* On a thread that has used no cryptography yet. */
static void *use_without_memory(void *context)
{
	struct fixture *fixture = context;
	unsigned char out[64];
	struct pa_error error;

	atomic_store(&largest, 0);
	assert_int_equal(
		pa_keyring_unseal(fixture->services.keys, pa_text_span("x"), pa_text_span("there"), out, &error), -1);
	assert_string_equal(error.code, "memory");
	assert_no_memory(fixture, call(fixture, "unseal_text", "AAAA", "there"));
	assert_no_memory(fixture, call(fixture, "seal_text", "plain", "there"));
	assert_no_memory(fixture, call(fixture, "digest", "sha256", "x"));
	atomic_store(&largest, SIZE_MAX);
	return NULL;
}

static void SBX_09_a_sealed_value_is_not_damaged_without_memory(void **state)
{
	struct fixture *fixture = *state;
	pthread_t thread;

	assert_int_equal(call(fixture, "digest", "sha256", "x"), LUA_OK); /* OpenSSL itself has its memory */
	assert_int_equal(pthread_create(&thread, NULL, use_without_memory, fixture), 0);
	pthread_join(thread, NULL);
	assert_int_equal(call(fixture, "seal_text", "plain", "there"), LUA_OK);
	char *sealed = strdup(lua_tostring(fixture->L, -1));
	assert_int_equal(call(fixture, "unseal_text", sealed, "there"), LUA_OK);
	assert_string_equal(lua_tostring(fixture->L, -1), "plain");
	free(sealed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(SBX_09_a_password_is_not_wrong_without_memory),
		CASE(SBX_09_a_sealed_value_is_not_damaged_without_memory),
	};

	if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
