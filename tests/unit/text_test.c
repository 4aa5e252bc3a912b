/* Spans: comparing, trimming, checking, percent and hexadecimal forms. gate_test has the cases of UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

static void test_spans(void **state)
{
	(void)state;
	assert_null(pa_text_span(NULL).at);
	assert_int_equal(pa_text_span("").length, 0);
	assert_true(pa_text_is(pa_text_span("Content-TYPE"), "content-type"));
	assert_false(pa_text_is(pa_text_span("Content-Typ"), "content-type"));
	assert_false(pa_text_is(pa_text_span("Content-Types"), "content-type"));
	assert_true(pa_text_equal((struct pa_span){NULL, 0}, pa_text_span("")));
	assert_false(pa_text_equal(pa_text_span("a"), pa_text_span("A")));
	assert_int_equal(pa_text_lower('Z'), 'z');
	assert_int_equal(pa_text_lower('['), '[');
}

static void test_trim(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {" ", ""}, {" \t ", ""}, {"a", "a"}, {" a b\t", "a b"}, {"\na ", "\na"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(pa_text_equal(pa_text_trim(pa_text_span(cases[i][0])), pa_text_span(cases[i][1])));
}

static void test_hex(void **state)
{
	char out[4];

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char *digits = "0123456789abcdefABCDEF", *found = byte ? strchr(digits, byte) : NULL;
		int value = !found ? -1 : found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
		assert_int_equal(pa_text_hex_value((char)byte), value);
	}
	pa_text_write_hex((const unsigned char *)"\x0f\xa0", 2, out);
	assert_memory_equal(out, "0fa0", 4);
}

static void test_bad_escapes(void **state)
{
	static const char *const bad[] = {"%", "%a", "a%", "%zz", "%0g", "%%41", "x%4"};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(pa_text_decode(pa_text_span(bad[i]), out, false), -1);
}

static void test_percent_round_trip(void **state)
{
	char all[256], encoded[3 * 256], decoded[3 * 256];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	size_t length = pa_text_encode((struct pa_span){all, sizeof all}, encoded);
	assert_int_equal(length, 66 + 3 * (256 - 66)); /* RFC 3986 has 66 unreserved characters */
	for (size_t i = 0; i < length; i++)
		assert_true(encoded[i] > ' ' && encoded[i] < 0x7f);
	assert_int_equal(pa_text_decode((struct pa_span){encoded, length}, decoded, true), 256);
	assert_memory_equal(decoded, all, sizeof all);
	assert_int_equal(pa_text_decode(pa_text_span("a+b"), decoded, true), 3);
	assert_memory_equal(decoded, "a b", 3);
	assert_int_equal(pa_text_decode(pa_text_span("a+b"), decoded, false), 3);
	assert_memory_equal(decoded, "a+b", 3);
}

static void test_buffer(void **state)
{
	struct pa_buffer buffer = {0};
	volatile size_t too_long = SIZE_MAX - 5; /* hidden from the compiler, which would warn */
	char block[1000];

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(pa_buffer_add(&buffer, NULL, 0), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pa_buffer_add(&buffer, block, sizeof block), 0);
	assert_int_equal(buffer.length, 100 * sizeof block);
	assert_int_equal(pa_buffer_add(&buffer, block, too_long), -1); /* unchanged */
	assert_int_equal(buffer.length, 100 * sizeof block);
	pa_buffer_reset(&buffer, 1 << 20);
	assert_int_equal(buffer.length, 0);
	assert_non_null(buffer.at);
	pa_buffer_reset(&buffer, 1000);
	assert_null(buffer.at);
	pa_buffer_free(&buffer);
}

static void test_clock(void **state)
{
	int64_t before = pa_clock_ms();
	struct timespec ahead = pa_clock_in(1999), at = pa_clock_at(61999);

	(void)state;
	int64_t after = pa_clock_ms();
	int64_t ms = (int64_t)ahead.tv_sec * 1000 + ahead.tv_nsec / 1000000;
	assert_in_range(ms - 1999, before, after);
	assert_in_range(ahead.tv_nsec, 0, 999999999);
	assert_int_equal(at.tv_sec, 61);
	assert_int_equal(at.tv_nsec, 999000000);
	assert_true(pa_clock_wall_ns() / 1000000000 > 1700000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_bad_escapes),
		cmocka_unit_test(test_percent_round_trip),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
