/* Base64 by tables of letters and by ranges. */
#include "base/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t pa_base64_encode(const unsigned char *data, size_t size, bool url, char *out)
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

long pa_base64_decode(const char *text, size_t size, bool url, unsigned char *out)
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
