/* The JSON scanner: which texts are JSON, and what it rewrites for cjson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_scan.h"

static void expect_code(const char *code, const char *text, size_t length)
{
	/* An exact copy on the heap: the sanitizer finds a read after its end. */
	char *copy = malloc(length + !length);
	struct pa_json_scan scan;

	assert_non_null(copy);
	memcpy(copy, text, length);
	int result = pa_json_scan(&scan, copy, length, PA_JSON_STRICT);
	if (code ? !scan.code || strcmp(scan.code, code) != 0 : scan.code != NULL)
		fail_msg("%.*s: %s", (int)length, text, scan.code ? scan.message : "fine");
	assert_int_equal(result, code ? -1 : 0);
	assert_true(scan.at <= length);
	pa_json_scan_free(&scan);
	free(copy);
}

static void test_good(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}", " [ ] ", "null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "\"\"",
		"\"\\u00e9\\n\\/\"", "\"\\ud83d\\ude00\"", "{\"a\":[1,{\"b\":null}]}", "[1 , 2]", "9223372036854775807",
		"-9223372036854775808", "\"\xf0\x9f\x98\x80\"", "\t\n\r 1"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_code(NULL, texts[i], strlen(texts[i]));
}

static void HT_23_bad(void **state)
{
	(void)state;
	static const char *const texts[] = {"", " ", "{", "[", "[1", "[1,", "[1,]", "[,]", "{\"a\"",
		"{\"a\":", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:1}", "01", "-", "+1", ".5", "1.", "1e", "1e+",
		"0x10", "NaN", "Infinity", "-Infinity", "nan", "tru", "nulll", "TRUE", "1 2", "{} x", "\"", "\"a", "\"\\",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\t\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "1e999", "9223372036854775808", "-9223372036854775809", "/**/1",
		"[1]]", "\xef\xbb\xbf{}"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_code("bad_json", texts[i], strlen(texts[i]));
	expect_code("bad_json", "[1]\0", 4);
	expect_code("bad_json", "\"a\0b\"", 5);
	expect_code("bad_json", "{\"a\":1", 6);
}

static void test_every_prefix_is_refused(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1.5e3,\"\\u00e9\\ud83d\\ude00\xc3\xa9\",true,null,{}]}";

	for (size_t length = 0; length + 1 < sizeof text - 1; length++)
		expect_code("bad_json", text, length);
	expect_code(NULL, text, sizeof text - 1);
}

static void TO_01_depth(void **state)
{
	(void)state;
	char text[2 * (PA_JSON_DEPTH_MAX + 1)];
	size_t depth = PA_JSON_DEPTH_MAX;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	expect_code(NULL, text, 2 * depth);
	depth++;
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	expect_code("too_deep", text, 2 * depth);
	/* Deeper than any stack. */
	size_t length = 10 << 20;
	char *deep = malloc(length);
	assert_non_null(deep);
	memset(deep, '[', length);
	expect_code("too_deep", deep, length);
	free(deep);
}

static void test_rewritten(void **state)
{
	(void)state;
	static const struct {
		const char *text, *becomes;
	} cases[] = {
		{"[1,2.5]", NULL},
		{"{}", NULL},
		{"[]", "\"\177A\""},
		{"{\"a\": [ ] }", "{\"a\": \"\177A\" }"},
		{"123456789012345", NULL},
		{"1234567890123456", "\"\177N1234567890123456\""},
		{"[1.0]", "[\"\177N1.0\"]"},
		{"1e3", "\"\177N1e3\""},
		{"\"\177A\"", "\"\177\177A\""},
		{"\"\\u007fA\"", "\"\177\\u007fA\""},
		{"{\"\177\":1}", NULL},
		{"\"\\ud83d\"", "\"\xef\xbf\xbd\""},
		{"\"\\uDC00\\ud800\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\ud83d\\ude00\""},
		{"\"\\ud800\\u0041\"", "\"\xef\xbf\xbd\\u0041\""},
		{"{\"\\ud800n\":1}", "{\"\xef\xbf\xbdn\":1}"},
		{"[\"\177\\ud800\"]", "[\"\177\177\xef\xbf\xbd\"]"},
		{"9223372036854775808", "\"\177N9223372036854775808\""},
		{"-9223372036854775809", "\"\177N-9223372036854775809\""},
		{"\xef\xbb\xbf {}", " {}"},
		{"\xef\xbb\xbf[]", "\"\177A\""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_json_scan scan;
		assert_int_equal(pa_json_scan(&scan, cases[i].text, strlen(cases[i].text), false), 0);
		assert_int_equal(scan.rewritten, cases[i].becomes != NULL);
		if (cases[i].becomes) {
			assert_int_equal(scan.text.length, strlen(cases[i].becomes));
			assert_memory_equal(scan.text.at, cases[i].becomes, scan.text.length);
		}
		pa_json_scan_free(&scan);
	}
}

static void test_keys_are_listed_in_their_order(void **state)
{
	static const struct {
		const char *text, *becomes;
	} cases[] = {
		{"[1,{}]", NULL},
		{"{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2,\"\177\":[\"b\",\"a\"]}"},
		{"{ \"x\" : {\"y\":[{\"z\":1}]} , \"\\u0061\":3 } ",
			"{ \"x\" : {\"y\":[{\"z\":1,\"\177\":[\"z\"]}],\"\177\":[\"y\"]} , \"\\u0061\":3 "
			",\"\177\":[\"x\",\"\\u0061\"]} "},
		{"{\"\177\":1,\"\\u007F\":\"\177\"}",
			"{\"\177\177\":1,\"\177\\u007F\":\"\177\177\",\"\177\":[\"\177\177\",\"\177\\u007F\"]}"},
		{"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2,\"\177\":[\"a\",\"a\"]}"},
		{"{\"\\ud83dx\":1}", "{\"\xef\xbf\xbdx\":1,\"\177\":[\"\xef\xbf\xbdx\"]}"},
		{"{\"b\":[],\"\177\\udc00\":1}",
			"{\"b\":\"\177A\",\"\177\177\xef\xbf\xbd\":1,\"\177\":[\"b\",\"\177\177\xef\xbf\xbd\"]}"},
		{"\xef\xbb\xbf{\"a\":{}}", "{\"a\":{},\"\177\":[\"a\"]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_json_scan scan;
		assert_int_equal(pa_json_scan(&scan, cases[i].text, strlen(cases[i].text), true), 0);
		assert_int_equal(scan.rewritten, cases[i].becomes != NULL);
		if (cases[i].becomes) {
			assert_int_equal(scan.text.length, strlen(cases[i].becomes));
			assert_memory_equal(scan.text.at, cases[i].becomes, scan.text.length);
		}
		pa_json_scan_free(&scan);
	}
}

/* The names are compared as they are read, and the first that is there already is the place of the error. */
static void TO_01_equal_names_are_refused_when_strict(void **state)
{
	static const struct {
		const char *text;
		size_t at; /* 0: fine */
	} cases[] = {
		{"{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}", 0},
		{"{\"a\":1,\"A\":2,\"aa\":3,\"\":4}", 0},
		{"{\"\\n\":1,\"n\":2,\"\\\\n\":3}", 0},
		{"{\"\xc3\xa9\":1,\"e\":2,\"\\u00c3\":3,\"\\u00a9\":4}", 0},
		{"{\"a\":1,\"a\":2}", 7},
		{"{\"b\":1,\"a\":2,\"a\":3,\"b\":4}", 13},
		{"{\"\":1,\"x\":2,\"\":3}", 12},
		{"{\"a/\\b\\f\\n\\r\\t\\\"\\\\\":1,\"\\u0061\\/\\u0008\\u000C\\u000a\\u000D\\u0009\\u0022\\u005c\":2}", 22},
		{"{\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\":1,\"\\u00E9\\u20ac\\ud83d\\uDE00\":2}", 15},
		{"{\"\x7f\":1,\"\\u007f\":2}", 7},
		{"{\"x\":{\"a\":1,\"a\":2},\"x\":3}", 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (unsigned ordered = 0; ordered <= PA_JSON_ORDERED; ordered++) {
			struct pa_json_scan scan;
			int result = pa_json_scan(&scan, cases[i].text, strlen(cases[i].text), PA_JSON_STRICT | ordered);
			assert_int_equal(result, cases[i].at ? -1 : 0);
			assert_int_equal(scan.at, cases[i].at);
			pa_json_scan_free(&scan);
			assert_int_equal(pa_json_scan(&scan, cases[i].text, strlen(cases[i].text), ordered), 0);
			pa_json_scan_free(&scan);
		}
}

/* Random bytes, and good texts with one byte changed: each scan returns, and reads only the text. */
static void OP_09_any_bytes(void **state)
{
	(void)state;
	static const char good[] = "{\"a\":[1.5e3,\"\\u00e9\\ud83d\\ude00\xc3\xa9\",true,null,{}],\"b\":12345678901234567}";
	uint32_t seed = 1;

	for (int round = 0; round < 20000; round++) {
		char text[sizeof good];
		size_t length = sizeof good - 1;
		memcpy(text, good, length);
		for (int change = 0; change < 1 + round % 4; change++) {
			seed = seed * 1664525 + 1013904223;
			text[(seed >> 8) % length] = (char)(seed >> 24);
		}
		char *copy = malloc(length);
		struct pa_json_scan scan;
		assert_non_null(copy);
		memcpy(copy, text, length);
		int result = pa_json_scan(&scan, copy, length, round % 2 == 0);
		assert_int_equal(result == 0, scan.code == NULL);
		if (scan.rewritten && result == 0) {
			/* The rewritten text is JSON too. */
			struct pa_json_scan again;
			assert_int_equal(pa_json_scan(&again, scan.text.at, scan.text.length, false), 0);
			pa_json_scan_free(&again);
		}
		pa_json_scan_free(&scan);
		free(copy);
	}
}

/* Of arrays and objects in the order of their beginnings; of an ordered object's keys at its end. */
static void the_sizes_of_tables(void **state)
{
	static const struct {
		const char *text;
		unsigned flags;
		uint32_t sizes[8];
		size_t count;
	} cases[] = {
		{"1", 0, {0}, 0},
		{"[]", 0, {0}, 0}, /* it becomes a string */
		{"{}", 0, {0}, 1},
		{"[1,2,3]", 0, {7}, 1},
		{"{\"a\":1,\"b\":[]}", 0, {4}, 1},
		{"[{\"a\":{}},[1,[2,3]],{}]", 0, {7, 2, 0, 5, 5, 0}, 6},
		{"{\"a\":[1],\"b\":{}}", PA_JSON_ORDERED, {6, 3, 0, 5}, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pa_json_scan scan;
		assert_int_equal(pa_json_scan(&scan, cases[i].text, strlen(cases[i].text), cases[i].flags), 0);
		assert_int_equal(scan.sizes.length, cases[i].count * sizeof(uint32_t));
		assert_memory_equal(cases[i].sizes, scan.sizes.at ? scan.sizes.at : "", scan.sizes.length);
		pa_json_scan_free(&scan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sizes_of_tables),
		cmocka_unit_test(test_good),
		cmocka_unit_test(HT_23_bad),
		cmocka_unit_test(test_every_prefix_is_refused),
		cmocka_unit_test(TO_01_depth),
		cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_keys_are_listed_in_their_order),
		cmocka_unit_test(TO_01_equal_names_are_refused_when_strict),
		cmocka_unit_test(OP_09_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
