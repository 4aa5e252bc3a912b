/* Base64: encoding, decoding, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

static void expect_base64(const char *plain, const char *padded, const char *url)
{
	char out[64];
	unsigned char back[64];
	size_t size = strlen(plain);

	assert_int_equal(pa_base64_encode((const unsigned char *)plain, size, false, out), strlen(padded));
	assert_memory_equal(out, padded, strlen(padded));
	assert_int_equal(pa_base64_encode((const unsigned char *)plain, size, true, out), strlen(url));
	assert_memory_equal(out, url, strlen(url));
	assert_int_equal(pa_base64_decode(padded, strlen(padded), false, back), size);
	assert_memory_equal(back, plain, size);
	assert_int_equal(pa_base64_decode(url, strlen(url), true, back), size);
	assert_memory_equal(back, plain, size);
}

static void test_base64(void **state)
{
	(void)state;
	/* RFC 4648 section 10 */
	expect_base64("", "", "");
	expect_base64("f", "Zg==", "Zg");
	expect_base64("fo", "Zm8=", "Zm8");
	expect_base64("foo", "Zm9v", "Zm9v");
	expect_base64("foob", "Zm9vYg==", "Zm9vYg");
	expect_base64("fooba", "Zm9vYmE=", "Zm9vYmE");
	expect_base64("foobar", "Zm9vYmFy", "Zm9vYmFy");
	expect_base64("\xfb\xff\xbf", "+/+/", "-_-_");
}

static void test_base64_refused(void **state)
{
	(void)state;
	static const char *const padded[] = {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Z g=", "Zg==\n",
		"Zg==Zg==", "-_-_", "Zm9v\xff", "Z=g="};
	static const char *const url[] = {"Z", "Zh", "Zm9", "Zg==", "+/+/", "Zg ", "Zm9vY"};
	unsigned char out[64];

	for (size_t i = 0; i < sizeof padded / sizeof *padded; i++)
		assert_int_equal(pa_base64_decode(padded[i], strlen(padded[i]), false, out), -1);
	for (size_t i = 0; i < sizeof url / sizeof *url; i++)
		assert_int_equal(pa_base64_decode(url[i], strlen(url[i]), true, out), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
