/* The keyring: what unseals, what does not, and that each changed byte is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/keyring.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF"

static struct pa_span span(const char *text)
{
	return (struct pa_span){text, strlen(text)};
}

static struct pa_keyring *open_ring(const char *keys)
{
	struct pa_error error;
	struct pa_keyring *keyring = pa_keyring_open(keys, &error);

	assert_non_null(keyring);
	return keyring;
}

/* Seals "a token" for "pa_installs:1" into `out`, as a span. */
static struct pa_span seal(const struct pa_keyring *keyring, unsigned char *out)
{
	size_t length = pa_keyring_seal(keyring, span("a token"), span("pa_installs:1"), out);

	assert_true(length > strlen("a token") && length <= strlen("a token") + PA_SEALED_EXTRA);
	return (struct pa_span){(const char *)out, length};
}

/* NULL when it unseals as "a token", else the code of the error. */
static const char *unseal(struct pa_keyring *keyring, struct pa_span sealed, const char *context)
{
	static struct pa_error error;
	unsigned char out[256];
	long length = pa_keyring_unseal(keyring, sealed, span(context), out, &error);

	if (length < 0)
		return error.code;
	assert_int_equal(length, strlen("a token"));
	assert_memory_equal(out, "a token", (size_t)length);
	return NULL;
}

static void ST_01_sealed_values_unseal_and_differ_each_time(void **state)
{
	(void)state;
	struct pa_keyring *keyring = open_ring("a:" KEY_A);
	unsigned char first[64], second[64];
	struct pa_span one = seal(keyring, first), two = seal(keyring, second);

	assert_null(unseal(keyring, one, "pa_installs:1"));
	assert_int_equal(one.length, two.length);
	assert_memory_not_equal(first, second, one.length);
	assert_null(memmem(first, one.length, "token", 5));
	pa_keyring_close(keyring);
}

static void ST_01_a_value_of_another_row_is_refused(void **state)
{
	(void)state;
	struct pa_keyring *keyring = open_ring("a:" KEY_A);
	unsigned char out[64];
	struct pa_span sealed = seal(keyring, out);

	assert_string_equal(unseal(keyring, sealed, "pa_installs:2"), "damaged");
	assert_string_equal(unseal(keyring, sealed, ""), "damaged");
	pa_keyring_close(keyring);
}

static void ST_01_every_byte_counts(void **state)
{
	(void)state;
	struct pa_keyring *keyring = open_ring("a:" KEY_A ",b:" KEY_B);
	unsigned char out[64];
	struct pa_span sealed = seal(keyring, out);

	for (size_t i = 0; i < sealed.length; i++) {
		out[i] ^= 1;
		assert_non_null(unseal(keyring, sealed, "pa_installs:1"));
		out[i] ^= 1;
	}
	for (size_t length = 0; length < sealed.length; length++)
		assert_non_null(unseal(keyring, (struct pa_span){sealed.at, length}, "pa_installs:1"));
	assert_null(unseal(keyring, sealed, "pa_installs:1"));
	pa_keyring_close(keyring);
}

static void ST_03_an_old_key_unseals_and_the_first_one_seals(void **state)
{
	(void)state;
	struct pa_keyring *old = open_ring("a:" KEY_A), *both = open_ring("b:" KEY_B ",a:" KEY_A),
					  *new = open_ring("b:" KEY_B);
	unsigned char out[64], again[64];
	struct pa_span sealed = seal(old, out), resealed = seal(both, again);

	assert_int_equal(pa_keyring_count(both), 2);
	assert_string_equal(pa_keyring_id(both, 0), "b");
	assert_null(unseal(both, sealed, "pa_installs:1"));
	assert_string_equal(unseal(new, sealed, "pa_installs:1"), "unknown_key");
	assert_null(unseal(new, resealed, "pa_installs:1"));
	assert_string_equal(unseal(old, resealed, "pa_installs:1"), "unknown_key");
	pa_keyring_close(old);
	pa_keyring_close(both);
	pa_keyring_close(new);
}

static void ST_04_a_key_with_the_same_id_and_other_bytes_does_not_unseal(void **state)
{
	(void)state;
	struct pa_keyring *one = open_ring("a:" KEY_A), *other = open_ring("a:" KEY_B);
	unsigned char out[64];

	assert_string_equal(unseal(other, seal(one, out), "pa_installs:1"), "damaged");
	pa_keyring_close(one);
	pa_keyring_close(other);
}

static void ST_02_malformed_keys_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ",", KEY_A, "a:", "a:00", ":" KEY_A, "A:" KEY_A, "a b:" KEY_A, "a:" KEY_A "0",
		"a:" KEY_A " ", "a:g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1", "abcdefghijklmnopq:" KEY_A,
		"a:" KEY_A ",a:" KEY_B, "a:" KEY_A ",b", "a:" KEY_A ";b:" KEY_B};
	struct pa_error error;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (pa_keyring_open(bad[i], &error))
			fail_msg("was taken: %s", bad[i]);
		assert_string_equal(error.code, "key");
		assert_null(strstr(error.text, "000102"));
	}
}

static void write_file(const char *path, const char *text)
{
	char beside[64];

	snprintf(beside, sizeof beside, "%s.new", path);
	FILE *file = fopen(beside, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(beside, path), 0);
}

static void ST_03_a_new_key_in_the_file_is_found_and_seals_from_then_on(void **state)
{
	(void)state;
	char path[] = "/tmp/partnerapp-keys-XXXXXX";
	struct pa_keyring *running = open_ring("a:" KEY_A), *new = open_ring("b:" KEY_B ",a:" KEY_A);
	unsigned char with_a[64], with_b[64];
	struct pa_error error;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	struct pa_span old = seal(running, with_a), sealed = seal(new, with_b);
	assert_string_equal(unseal(running, sealed, "pa_installs:1"), "unknown_key");
	assert_int_equal(pa_keyring_follow(running, path, &error), 0);
	assert_string_equal(unseal(running, sealed, "pa_installs:1"), "unknown_key");
	write_file(path, "nonsense\n");
	assert_string_equal(unseal(running, sealed, "pa_installs:1"), "unknown_key");
	assert_string_equal(pa_keyring_id(running, 0), "a");
	write_file(path, "b:" KEY_B ",a:" KEY_A "\n");
	assert_null(unseal(running, sealed, "pa_installs:1"));
	assert_null(unseal(running, old, "pa_installs:1"));
	assert_string_equal(pa_keyring_id(running, 0), "b");
	assert_null(unseal(new, seal(running, with_a), "pa_installs:1"));
	unlink(path);
	assert_string_equal(
		unseal(running, (struct pa_span){"\1c0123456789012345678901234567890", 32}, "x"), "unknown_key");
	pa_keyring_close(running);
	pa_keyring_close(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ST_01_sealed_values_unseal_and_differ_each_time),
		cmocka_unit_test(ST_01_a_value_of_another_row_is_refused),
		cmocka_unit_test(ST_01_every_byte_counts),
		cmocka_unit_test(ST_03_an_old_key_unseals_and_the_first_one_seals),
		cmocka_unit_test(ST_03_a_new_key_in_the_file_is_found_and_seals_from_then_on),
		cmocka_unit_test(ST_04_a_key_with_the_same_id_and_other_bytes_does_not_unseal),
		cmocka_unit_test(ST_02_malformed_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
