/* Compares, checks and converts bytes. */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

bool pa_text_equal(struct pa_span a, struct pa_span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

char pa_text_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct pa_span pa_text_trim(struct pa_span text)
{
	while (text.length > 0 && is_blank(*text.at)) {
		text.at++;
		text.length--;
	}
	while (text.length > 0 && is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

/* The bytes of a token (RFC 9110 5.6.2). */
static const bool token_bytes[256] = {
	['!'] = 1,
	['#'] = 1,
	['$'] = 1,
	['%'] = 1,
	['&'] = 1,
	['\''] = 1,
	['*'] = 1,
	['+'] = 1,
	['-'] = 1,
	['.'] = 1,
	['^'] = 1,
	['_'] = 1,
	['`'] = 1,
	['|'] = 1,
	['~'] = 1,
	['0' ... '9'] = 1,
	['A' ... 'Z'] = 1,
	['a' ... 'z'] = 1,
};

bool pa_text_is_token(struct pa_span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!token_bytes[(unsigned char)text.at[i]])
			return false;
	return text.length > 0;
}

bool pa_text_is_field_value(struct pa_span text)
{
	unsigned char found = 0;

	/* Without a branch, and in bytes: the compiler makes vector instructions of it. */
	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		found |= (byte < 0x20 && byte != '\t') || byte == 0x7f ? 1 : 0;
	}
	return found == 0;
}

/* Whether eight bytes are all ASCII. */
static bool is_ascii(const unsigned char *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof bytes);
	return (bytes & 0x8080808080808080) == 0;
}

bool pa_text_is_utf8(struct pa_span text)
{
	const unsigned char *at = (const unsigned char *)text.at, *end = at + text.length;

	while (at < end) {
		if (end - at >= 8 && is_ascii(at)) {
			at += 8;
			continue;
		}
		unsigned char first = *at++;
		if (first < 0x80)
			continue;
		int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
		if (first < 0xc2 || first > 0xf4 || end - at < more)
			return false;
		if ((first == 0xe0 && *at < 0xa0) || (first == 0xed && *at > 0x9f) || (first == 0xf0 && *at < 0x90) ||
			(first == 0xf4 && *at > 0x8f))
			return false;
		while (more-- > 0)
			if ((*at++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

int pa_text_hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

void pa_text_write_hex(const unsigned char *bytes, size_t count, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
}

long pa_text_decode(struct pa_span from, char *to, bool form)
{
	long length = 0;

	for (size_t i = 0; i < from.length; i++) {
		char byte = from.at[i];
		if (byte == '%') {
			if (i + 2 >= from.length)
				return -1;
			int high = pa_text_hex_value(from.at[i + 1]), low = pa_text_hex_value(from.at[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			byte = (char)(high << 4 | low);
			i += 2;
		} else if (byte == '+' && form) {
			byte = ' ';
		}
		to[length++] = byte;
	}
	return length;
}

static bool is_unreserved(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
		   byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

size_t pa_text_encode(struct pa_span from, char *to)
{
	static const char digits[] = "0123456789ABCDEF";
	char *begin = to;

	for (size_t i = 0; i < from.length; i++) {
		unsigned char byte = (unsigned char)from.at[i];
		if (is_unreserved(byte)) {
			*to++ = (char)byte;
			continue;
		}
		*to++ = '%';
		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	return (size_t)(to - begin);
}
