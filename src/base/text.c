/* Compares, checks and converts bytes. */
#include "base/text.h"

#include <endian.h>
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

/* Table 3-7 of the Unicode standard: what the first byte says of the length and of the second byte. */
size_t pa_text_utf8_at(struct pa_span text)
{
	const unsigned char *at = (const unsigned char *)text.at;

	if (text.length == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || text.length < length)
		return 0;
	unsigned char least = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char most = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
	if (at[1] < least || at[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return length;
}

bool pa_text_is_utf8(struct pa_span text)
{
	while (text.length > 0) {
		size_t length = text.length >= 8 && is_ascii((const unsigned char *)text.at) ? 8 : pa_text_utf8_at(text);
		if (length == 0)
			return false;
		text.at += length;
		text.length -= length;
	}
	return true;
}

static bool is_plain(char byte)
{
	return (unsigned char)byte >= 0x20 && (unsigned char)byte < 0x80 && byte != '"' && byte != '\\';
}

/* Sets the highest bit of each byte of a word that is below `least`. Only the lowest of these bits is sure, for the
 * subtraction borrows from the bytes above it. */
#define EACH_BYTE(value) (0x0101010101010101U * (value))
#define MARK_BELOW(word, least) (((word)-EACH_BYTE(least)) & ~(word)&EACH_BYTE(0x80U))

size_t pa_text_plain(struct pa_span text)
{
	size_t at = 0;

	for (uint64_t word; text.length - at >= sizeof word; at += sizeof word) {
		memcpy(&word, text.at + at, sizeof word);
		word = le64toh(word);
		uint64_t others = (word & EACH_BYTE(0x80U)) | MARK_BELOW(word, 0x20U) |
						  MARK_BELOW(word ^ EACH_BYTE(0x22U), 1U) | MARK_BELOW(word ^ EACH_BYTE(0x5cU), 1U);
		if (others)
			return at + (size_t)__builtin_ctzll(others) / 8;
	}
	while (at < text.length && is_plain(text.at[at]))
		at++;
	return at;
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
