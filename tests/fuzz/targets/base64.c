/* Base64: what is encoded decodes to the same; what decodes is what encoding writes, byte for byte. */
#include "base/base64.h"

#include <ctype.h>

#include "fuzz/check.h"

static void check_encode(const uint8_t *data, size_t size, bool url)
{
	char *text = malloc(PA_BASE64_ROOM(size) + 1);
	unsigned char *back = malloc(PA_BASE64_ROOM(size) + 1);

	CHECK(text && back, "no memory");
	size_t length = pa_base64_encode(data, size, url, text);
	CHECK(length <= PA_BASE64_ROOM(size), "%zu bytes are written for %zu", length, size);
	CHECK(url || length % 4 == 0, "it is not padded: %zu", length);
	for (size_t i = 0; i < length; i++)
		CHECK(strchr(url ? "-_" : "+/=", text[i]) || isalnum((unsigned char)text[i]), "letter %d", text[i]);
	CHECK(pa_base64_decode(text, length, url, back) == (long)size, "it does not decode");
	CHECK(size == 0 || memcmp(back, data, size) == 0, "it decodes to something else");
	free(text);
	free(back);
}

static void check_decode(const uint8_t *data, size_t size, bool url)
{
	unsigned char *bytes = malloc(size + 1);
	char *again = malloc(PA_BASE64_ROOM(size) + 1);

	CHECK(bytes && again, "no memory");
	long length = pa_base64_decode((const char *)data, size, url, bytes);
	if (length >= 0) {
		size_t written = pa_base64_encode(bytes, (size_t)length, url, again);
		CHECK(written == size && (size == 0 || memcmp(again, data, size) == 0), "two texts decode to the same bytes");
	}
	free(bytes);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int url = 0; url < 2; url++) {
		check_encode(data, size, url);
		check_decode(data, size, url);
	}
	return 0;
}
