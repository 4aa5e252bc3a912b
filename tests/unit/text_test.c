/* Spans: comparing, trimming, checking, percent and hexadecimal forms, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
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

/* Table 3-7 of the Unicode standard, well-formed UTF-8 byte sequences: the least and the most of each byte. */
static const struct row {
	size_t length;
	unsigned char bytes[4][2];
} well_formed[] = {
	{1, {{0x00, 0x7f}}},
	{2, {{0xc2, 0xdf}, {0x80, 0xbf}}},
	{3, {{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}}},
	{3, {{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{3, {{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}}},
	{3, {{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{4, {{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{4, {{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{4, {{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}},
};

static size_t by_the_table(const unsigned char *bytes, size_t count)
{
	for (size_t row = 0; row < sizeof well_formed / sizeof *well_formed; row++) {
		size_t length = well_formed[row].length, i = 0;
		while (i < length && i < count && bytes[i] >= well_formed[row].bytes[i][0] &&
			   bytes[i] <= well_formed[row].bytes[i][1])
			i++;
		if (i == length)
			return length;
	}
	return 0;
}

/* All sequences of four of the bytes at and beside the borders of the table, whole and cut. */
static void HT_12_LG_02_utf8_is_what_the_unicode_standard_says(void **state)
{
	static const unsigned char borders[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
		0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};
	enum { COUNT = sizeof borders };

	(void)state;
	for (size_t i = 0; i < (size_t)COUNT * COUNT * COUNT * COUNT; i++) {
		const unsigned char bytes[4] = {borders[i % COUNT], borders[i / COUNT % COUNT],
			borders[i / COUNT / COUNT % COUNT], borders[i / COUNT / COUNT / COUNT]};
		for (size_t count = 0; count <= 4; count++) {
			struct pa_span text = {(const char *)bytes, count};
			size_t length = by_the_table(bytes, count);
			if (pa_text_utf8_at(text) != length)
				fail_msg("%02x %02x %02x %02x, of %zu bytes", bytes[0], bytes[1], bytes[2], bytes[3], count);
			size_t at = 0;
			while (at < count && (length = by_the_table(bytes + at, count - at)) > 0)
				at += length;
			if (pa_text_is_utf8(text) != (at == count))
				fail_msg("all of %02x %02x %02x %02x, %zu bytes", bytes[0], bytes[1], bytes[2], bytes[3], count);
		}
	}
}

/* After eight bytes of ASCII at once, and at every distance from them. */
/* Each byte at each place, beside what a JSON string may have as it is. */
static void plain_bytes_are_those_that_json_does_not_escape(void **state)
{
	char text[20];

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
		for (size_t place = 0; place < sizeof text; place++) {
			memset(text, byte % 2 ? '~' : ' ', sizeof text);
			text[place] = (char)byte;
			assert_int_equal(pa_text_plain((struct pa_span){text, sizeof text}), plain ? sizeof text : place);
			assert_int_equal(pa_text_plain((struct pa_span){text, place}), place);
			memset(text + place, byte, sizeof text - place); /* the first of several counts */
			assert_int_equal(pa_text_plain((struct pa_span){text, sizeof text}), plain ? sizeof text : place);
		}
	}
	assert_int_equal(pa_text_plain((struct pa_span){"", 0}), 0);
}

static void HT_12_utf8_is_checked_at_every_place(void **state)
{
	char text[40];

	(void)state;
	for (size_t at = 0; at + 3 <= sizeof text; at++) {
		memset(text, 'a', sizeof text);
		memcpy(text + at, "\xe2\x82\xac", 3);
		assert_true(pa_text_is_utf8((struct pa_span){text, sizeof text}));
		text[at + 1] = '\x28';
		assert_false(pa_text_is_utf8((struct pa_span){text, sizeof text}));
	}
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

static void SBX_09_a_large_buffer_is_counted_and_limited(void **state)
{
	struct pa_buffer buffer = {0};
	char *block = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(block);
	assert_int_equal(pa_buffer_add(&buffer, block, PA_BUFFER_SMALL), 0);
	assert_int_equal(pa_memory_used(), 0);
	assert_int_equal(pa_buffer_add(&buffer, block, 1 << 20), 0);
	assert_int_equal(pa_memory_used(), buffer.size);
	pa_memory_limit(2 << 20);
	assert_int_equal(pa_buffer_add(&buffer, block, 1 << 20), -1);
	assert_int_equal(buffer.length, PA_BUFFER_SMALL + (1 << 20));
	assert_int_equal(pa_memory_used(), buffer.size);
	pa_memory_limit(0);
	pa_buffer_reset(&buffer, PA_BUFFER_SMALL);
	assert_int_equal(pa_memory_used(), 0);
	pa_buffer_free(&buffer);
	free(block);
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
		cmocka_unit_test(HT_12_LG_02_utf8_is_what_the_unicode_standard_says),
		cmocka_unit_test(plain_bytes_are_those_that_json_does_not_escape),
		cmocka_unit_test(HT_12_utf8_is_checked_at_every_place),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(SBX_09_a_large_buffer_is_counted_and_limited),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
