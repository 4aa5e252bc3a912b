/* Secrets in the forms in which they appear inside other text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/mask.h"

static char out[4096];

static const char *masked_bytes(const char *text, size_t length)
{
	assert_true(length < sizeof out);
	out[pa_mask_apply(text, length, out)] = '\0';
	return out;
}

static const char *masked(const char *text)
{
	return masked_bytes(text, strlen(text));
}

static void mask(const char *secret)
{
	pa_mask_add(secret, strlen(secret));
}

static void LG_01_percent_encoded_in_both_cases(void **state)
{
	(void)state;
	mask("p+ss/w\xc3\xb6rd=");
	assert_string_equal(masked("a=p%2Bss%2Fw%C3%B6rd%3D&b"), "a=***&b");
	assert_string_equal(masked("a=p%2bss%2fw%c3%b6rd%3d&b"), "a=***&b");
	assert_string_equal(masked("p+ss/w\xc3\xb6rd="), "***");
}

static void LG_01_in_strings_of_json(void **state)
{
	(void)state;
	mask("se\"cr\\et/\xc3\xb6\xf0\x9f\x98\x80!");
	assert_string_equal(masked("{\"a\":\"se\\\"cr\\\\et/\xc3\xb6\xf0\x9f\x98\x80!\"}"), "{\"a\":\"***\"}");
	assert_string_equal(masked("{\"a\":\"se\\\"cr\\\\et\\/\xc3\xb6\xf0\x9f\x98\x80!\"}"), "{\"a\":\"***\"}");
	assert_string_equal(masked("{\"a\":\"se\\\"cr\\\\et/\\u00f6\\ud83d\\ude00!\"}"), "{\"a\":\"***\"}");
	assert_string_equal(masked("{\"a\":\"se\\\"cr\\\\et\\/\\u00f6\\ud83d\\ude00!\"}"), "{\"a\":\"***\"}");
	mask("AB/CD/EF/GH");
	assert_string_equal(masked("\"AB\\/CD\\/EF\\/GH\""), "\"***\"");
}

/* Base64 of `before`, the secret and `after`: what is shown has too few letters of the secret to find it. */
static void check_base64(const char *secret, const char *before, const char *after, bool url)
{
	char text[256], letters[PA_BASE64_ROOM(sizeof text)], line[512];

	int length = snprintf(text, sizeof text, "%s%s%s", before, secret, after);
	size_t count = pa_base64_encode((const unsigned char *)text, (size_t)length, url, letters);
	snprintf(line, sizeof line, "Basic %.*s", (int)count, letters);
	const char *shown = masked(line), *stars = strstr(shown, "***");
	if (!stars)
		fail_msg("'%s' shows '%s' inside of '%s'", line, secret, text);
	/* at most one letter on each side belongs to the secret in part */
	size_t least = count - (strlen(secret) * 8 / 6 + 1), most = count - (strlen(secret) * 8 - 10) / 6;
	assert_in_range(strlen(shown) - strlen("Basic ***"), least, most);
}

static void LG_01_inside_of_base64(void **state)
{
	static const char *const around[] = {"", "i", "id", "id:", "client:", "a longer name:", "\xff\xfe\xfd"};
	static const char secret[] = "secret-of-the-client-\xfb\xff\xbf?>";

	(void)state;
	mask(secret);
	for (size_t before = 0; before < sizeof around / sizeof *around; before++)
		for (size_t after = 0; after < sizeof around / sizeof *around; after++)
			for (int url = 0; url < 2; url++)
				check_base64(secret, around[before], around[after], url);
	mask("per%cent&"); /* OA-14: percent-encoded before Basic joins name and secret */
	check_base64("per%25cent%26", "id:", "", false);
}

/* What was cut inside of a secret: by a limit on messages, or between two pieces. */
static void LG_01_the_beginning_of_a_secret_where_a_text_was_cut(void **state)
{
	static const char secret[] = "cut-anywhere-0123456789-abcdefgh";
	char text[64];

	(void)state;
	mask(secret);
	int before = snprintf(text, sizeof text, "error: %s", secret) - (int)strlen(secret);
	for (size_t kept = 0; kept <= strlen(secret); kept++) {
		masked_bytes(text, (size_t)before + kept);
		if (kept >= 12)
			assert_string_equal(out, "error: ***");
		else
			assert_memory_equal(out, text, (size_t)before + kept);
	}
	assert_string_equal(masked("cut-anywhere-0123 and more"), "cut-anywhere-0123 and more"); /* another word */
}

static void LG_01_short_ones_and_known_ones_are_no_trouble(void **state)
{
	(void)state;
	mask("");
	mask("abcde");
	for (int i = 0; i < 100000; i++)
		mask("the-same-again");
	assert_string_equal(masked("abcde the-same-again"), "abcde ***");
	assert_string_equal(masked(""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(LG_01_percent_encoded_in_both_cases),
		cmocka_unit_test(LG_01_in_strings_of_json),
		cmocka_unit_test(LG_01_inside_of_base64),
		cmocka_unit_test(LG_01_the_beginning_of_a_secret_where_a_text_was_cut),
		cmocka_unit_test(LG_01_short_ones_and_known_ones_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
