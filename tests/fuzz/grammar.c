/* A set of functions that each read one rule of the grammar. */
#include "fuzz/grammar.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz/check.h"

enum { DEPTH_MAX = 64, DIGITS_MAX = 500, NAMES_MAX = 2048 };

/* A name of an object, decoded. */
struct name {
	char *text;
	size_t length;
	unsigned object;
};

struct text {
	const char *at, *end;
	int depth;
	bool deep, surrogate, number;
	unsigned objects;
	struct name names[NAMES_MAX];
	size_t name_count;
	char *decoded; /* of the string that was read last; room for the whole text */
	size_t decoded_length;
};

static bool is_in(uint8_t byte, uint8_t first, uint8_t last)
{
	return first <= byte && byte <= last;
}

bool grammar_is_utf8(struct pa_span text)
{
	static const struct {
		uint8_t lead_first, lead_last, first, last; /* of the second byte */
		size_t length;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const uint8_t *at = (const uint8_t *)text.at, *end = at + text.length;

	while (at < end) {
		size_t row = 0, length;
		while (row < sizeof rows / sizeof *rows && !is_in(*at, rows[row].lead_first, rows[row].lead_last))
			row++;
		if (row == sizeof rows / sizeof *rows)
			return false;
		length = rows[row].length;
		if ((size_t)(end - at) < length || (length > 1 && !is_in(at[1], rows[row].first, rows[row].last)))
			return false;
		for (size_t i = 2; i < length; i++)
			if (!is_in(at[i], 0x80, 0xbf))
				return false;
		at += length;
	}
	return true;
}

static void skip_space(struct text *text)
{
	while (text->at < text->end && strchr(" \t\r\n", *text->at) && *text->at)
		text->at++;
}

/* Takes one byte when it is among `bytes`; '\0' when it is not. */
static char take(struct text *text, const char *bytes)
{
	return text->at < text->end && *text->at && strchr(bytes, *text->at) ? *text->at++ : '\0';
}

static bool take_word(struct text *text, const char *word)
{
	for (; *word; word++)
		if (text->at == text->end || *text->at++ != *word)
			return false;
	return true;
}

static void put_code_point(struct text *text, unsigned point)
{
	char *to = text->decoded + text->decoded_length;

	if (point < 0x80) {
		*to++ = (char)point;
	} else if (point < 0x800) {
		*to++ = (char)(0xc0 | point >> 6);
		*to++ = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		*to++ = (char)(0xe0 | point >> 12);
		*to++ = (char)(0x80 | (point >> 6 & 0x3f));
		*to++ = (char)(0x80 | (point & 0x3f));
	} else {
		*to++ = (char)(0xf0 | point >> 18);
		*to++ = (char)(0x80 | (point >> 12 & 0x3f));
		*to++ = (char)(0x80 | (point >> 6 & 0x3f));
		*to++ = (char)(0x80 | (point & 0x3f));
	}
	text->decoded_length = (size_t)(to - text->decoded);
}

static bool read_hex(struct text *text, unsigned *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		char digit = take(text, "0123456789abcdefABCDEF");
		if (!digit)
			return false;
		*unit = *unit * 16 + (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return true;
}

/* After "\u". */
static bool read_unit(struct text *text)
{
	unsigned unit, low;

	if (!read_hex(text, &unit))
		return false;
	if (unit >= 0xd800 && unit < 0xdc00 && text->end - text->at >= 6 && text->at[0] == '\\' && text->at[1] == 'u') {
		const char *before = text->at;
		text->at += 2;
		if (!read_hex(text, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000) {
			put_code_point(text, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
			return true;
		}
		text->at = before;
	}
	text->surrogate |= unit >= 0xd800 && unit < 0xe000;
	put_code_point(text, unit);
	return true;
}

static bool read_escape(struct text *text)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	char letter = take(text, "\"\\/bfnrtu");

	if (!letter)
		return false;
	if (letter == 'u')
		return read_unit(text);
	text->decoded[text->decoded_length++] = bytes[strchr(letters, letter) - letters];
	return true;
}

static bool read_string(struct text *text)
{
	text->decoded_length = 0;
	if (!take(text, "\""))
		return false;
	while (text->at < text->end) {
		uint8_t byte = (uint8_t)*text->at++;
		if (byte == '"')
			return true;
		if (byte < 0x20 || (byte == '\\' && !read_escape(text)))
			return false;
		if (byte != '\\')
			text->decoded[text->decoded_length++] = (char)byte;
	}
	return false;
}

static bool read_digits(struct text *text)
{
	const char *from = text->at;

	while (take(text, "0123456789"))
		continue;
	return text->at > from;
}

static bool read_number(struct text *text)
{
	const char *from = text->at;

	take(text, "-");
	if (!take(text, "0") && !read_digits(text))
		return false;
	if (take(text, ".") && !read_digits(text))
		return false;
	if (take(text, "eE")) {
		take(text, "+-");
		if (!read_digits(text))
			return false;
	}
	size_t length = (size_t)(text->at - from);
	if (length >= DIGITS_MAX) {
		text->number = true;
		return true;
	}
	char copy[DIGITS_MAX + 1];
	memcpy(copy, from, length);
	copy[length] = '\0';
	text->number |= isinf(strtod(copy, NULL)) != 0;
	return true;
}

static bool read_value(struct text *text);

static void keep_name(struct text *text, unsigned object)
{
	CHECK(text->name_count < NAMES_MAX, "the text has too many names for this recognizer");
	struct name *name = &text->names[text->name_count++];
	*name = (struct name){malloc(text->decoded_length + 1), text->decoded_length, object};
	CHECK(name->text, "no memory");
	memcpy(name->text, text->decoded, text->decoded_length);
}

static bool read_member(struct text *text, unsigned object)
{
	skip_space(text);
	if (!read_string(text))
		return false;
	keep_name(text, object);
	skip_space(text);
	return take(text, ":") && read_value(text);
}

static bool read_container(struct text *text, char closing)
{
	unsigned object = ++text->objects;
	char end[] = {closing, '\0'};

	text->deep |= ++text->depth > DEPTH_MAX;
	text->at++;
	skip_space(text);
	if (!take(text, end)) {
		do {
			if (closing == '}' ? !read_member(text, object) : !read_value(text))
				return false;
			skip_space(text);
		} while (take(text, ","));
		if (!take(text, end))
			return false;
	}
	text->depth--;
	return true;
}

static bool read_value(struct text *text)
{
	skip_space(text);
	if (text->at == text->end)
		return false;
	switch (*text->at) {
	case '{':
		return read_container(text, '}');
	case '[':
		return read_container(text, ']');
	case '"':
		return read_string(text);
	case 't':
		return take_word(text, "true");
	case 'f':
		return take_word(text, "false");
	case 'n':
		return take_word(text, "null");
	default:
		return read_number(text);
	}
}

static bool has_name_twice(const struct text *text)
{
	for (size_t i = 0; i < text->name_count; i++)
		for (size_t j = 0; j < i; j++)
			if (text->names[i].object == text->names[j].object && text->names[i].length == text->names[j].length &&
				memcmp(text->names[i].text, text->names[j].text, text->names[i].length) == 0)
				return true;
	return false;
}

enum grammar_answer grammar_read(struct pa_span bytes)
{
	static struct text text;

	text = (struct text){.at = bytes.at, .end = bytes.at + bytes.length, .decoded = malloc(bytes.length + 1)};
	CHECK(text.decoded, "no memory");
	bool fine = read_value(&text);
	skip_space(&text);
	fine = fine && text.at == text.end && grammar_is_utf8(bytes);
	bool twice = fine && has_name_twice(&text);
	for (size_t i = 0; i < text.name_count; i++)
		free(text.names[i].text);
	free(text.decoded);
	return !fine            ? GRAMMAR_WRONG
		   : text.deep      ? GRAMMAR_DEEP
		   : text.number    ? GRAMMAR_NUMBER
		   : text.surrogate ? GRAMMAR_SURROGATE
		   : twice          ? GRAMMAR_TWICE
							: GRAMMAR_FINE;
}
