/* Sorts names by their characters, so that equal ones are neighbours. */
#include "base/json_names.h"

#include <stdint.h>
#include <stdlib.h>

static uint32_t take_hex4(struct pa_span *text)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 | (uint32_t)pa_text_hex_value(text->at[i]);
	text->at += 4;
	text->length -= 4;
	return value;
}

/* `text` is after the backslash. */
static uint32_t take_escape(struct pa_span *text)
{
	static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	char letter = *text->at++;

	text->length--;
	if (letter != 'u') {
		const char *found = strchr(letters, letter);
		return (unsigned char)(found ? bytes[found - letters] : letter);
	}
	uint32_t unit = take_hex4(text);
	if (unit < 0xd800 || unit >= 0xdc00)
		return unit;
	text->at += 2; /* the backslash and u of the other half */
	text->length -= 2;
	return 0x10000 + ((unit - 0xd800) << 10) + (take_hex4(text) - 0xdc00);
}

/* Takes the next character from the text, which is not empty. */
static uint32_t take(struct pa_span *text)
{
	unsigned char first = (unsigned char)*text->at;
	size_t length = pa_text_utf8_at(*text);

	if (first == '\\') {
		text->at++;
		text->length--;
		return take_escape(text);
	}
	uint32_t character = length < 2 ? first : first & (0x7fU >> length);
	for (size_t i = 1; i < length; i++)
		character = character << 6 | ((unsigned char)text->at[i] & 0x3f);
	length += length == 0; /* not UTF-8, which the caller excludes: go on all the same */
	text->at += length;
	text->length -= length;
	return character;
}

static int compare_texts(struct pa_span one, struct pa_span other)
{
	while (one.length > 0 && other.length > 0) {
		uint32_t a = take(&one), b = take(&other);
		if (a != b)
			return a < b ? -1 : 1;
	}
	return (one.length > 0) - (other.length > 0);
}

/* Of equal names the one that is first in the text is less. */
static int compare(const void *a, const void *b)
{
	const struct pa_json_name *one = a, *other = b;
	int order = compare_texts(one->text, other->text);

	return order ? order : (one->text.at > other->text.at) - (one->text.at < other->text.at);
}

const char *pa_json_names_repeated(struct pa_json_name *names, size_t count)
{
	const char *first = NULL;

	if (count > 1)
		qsort(names, count, sizeof *names, compare);
	for (size_t i = 1; i < count; i++)
		if (compare_texts(names[i - 1].text, names[i].text) == 0 && (!first || names[i].text.at < first))
			first = names[i].text.at;
	return first;
}
