/* A recursive reader of JSON; it copies the text only when it has to rewrite a value. */
#include "base/json_scan.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct reader {
	struct pa_json_scan *scan;
	const char *begin, *at, *end, *copied; /* the text before `copied` is in the rewritten text already */
	int depth;
	bool ordered, strict, in_key;
	struct pa_buffer keys; /* spans of the keys of all objects that are open, quotes included; with `ordered` */
};

static int fail(struct reader *reader, const char *code, const char *message)
{
	reader->scan->code = code;
	reader->scan->message = message;
	reader->scan->at = (size_t)(reader->at - reader->begin);
	return -1;
}

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end &&
		   (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/* Writes `text` in place of the bytes from `from` to `at`. */
static int replace(struct reader *reader, const char *from, const char *text, size_t length)
{
	struct pa_buffer *out = &reader->scan->text;

	if (pa_buffer_add(out, reader->copied, (size_t)(from - reader->copied)) < 0 || pa_buffer_add(out, text, length) < 0)
		return fail(reader, "memory", "not enough memory");
	reader->copied = reader->at;
	reader->scan->rewritten = true;
	return 0;
}

static bool is_digit(const struct reader *reader)
{
	return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static int hex4(struct reader *reader, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		char byte = reader->at < reader->end ? *reader->at : 0, lower = (char)(byte | 0x20);
		if (byte >= '0' && byte <= '9')
			*value = *value * 16 + (unsigned)(byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value * 16 + (unsigned)(lower - 'a' + 10);
		else
			return fail(reader, "bad_json", "\\u needs four hex digits after it");
	}
	return 0;
}

/* Half of a surrogate pair, from the backslash `from` to `at`. The list of an ordered object's keys has them as they
 * were written, so it cannot have this one. */
static int read_half(struct reader *reader, const char *from, const char *problem)
{
	if (reader->strict || (reader->ordered && reader->in_key))
		return fail(reader, "bad_json", problem);
	return replace(reader, from, "\xef\xbf\xbd", 3);
}

/* `at` is after the backslash. */
static int read_escape(struct reader *reader)
{
	static const char no_low[] = "a high surrogate without a low one after it";
	const char *from = reader->at - 1;
	unsigned unit, low;

	if (reader->at == reader->end)
		return fail(reader, "bad_json", "the string does not end");
	char letter = *reader->at;
	if (letter != 'u') {
		if (!letter || !strchr("\"\\/bfnrt", letter))
			return fail(reader, "bad_json", "an unknown escape after a backslash");
		reader->at++;
		return 0;
	}
	reader->at++;
	if (hex4(reader, &unit) < 0)
		return -1;
	if (unit >= 0xdc00 && unit < 0xe000)
		return read_half(reader, from, "a low surrogate without a high one before it");
	if (unit < 0xd800 || unit >= 0xdc00)
		return 0;
	if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
		return read_half(reader, from, no_low);
	const char *next = reader->at;
	reader->at += 2;
	if (hex4(reader, &low) < 0)
		return -1;
	if (low >= 0xdc00 && low < 0xe000)
		return 0;
	reader->at = next; /* an escape of its own */
	return read_half(reader, from, no_low);
}

/* `at` is the opening quote; afterwards it is the byte after the closing one. */
static int read_string(struct reader *reader)
{
	const char *begin = ++reader->at;
	bool ascii = true;

	for (;;) {
		reader->at += pa_text_plain((struct pa_span){reader->at, (size_t)(reader->end - reader->at)});
		if (reader->at == reader->end)
			return fail(reader, "bad_json", "the string does not end");
		unsigned char byte = (unsigned char)*reader->at;
		if (byte == '"')
			break;
		if (byte < 0x20)
			return fail(reader, "bad_json", "a control byte in a string: escape it");
		reader->at++;
		if (byte == '\\' && read_escape(reader) < 0)
			return -1;
		ascii = ascii && byte < 0x80;
	}
	if (!ascii && !pa_text_is_utf8((struct pa_span){begin, (size_t)(reader->at - begin)})) {
		reader->at = begin;
		return fail(reader, "bad_json", "the string is not UTF-8");
	}
	reader->at++;
	return 0;
}

static bool begins_with_mark(struct pa_span quoted)
{
	return (quoted.length > 1 && quoted.at[1] == PA_JSON_MARK) ||
		   (quoted.length > 7 && strncasecmp(quoted.at + 1, "\\u007f", 6) == 0);
}

/* A string value or key: one that begins with the mark gets another one. */
static int read_marked_string(struct reader *reader)
{
	const char *from = reader->at;

	if (begins_with_mark((struct pa_span){from, (size_t)(reader->end - from)})) {
		reader->at = from + 1; /* write a second mark directly after the quote */
		if (replace(reader, from, "\"\x7f", 2) < 0)
			return -1;
		reader->at = from;
	}
	return read_string(reader);
}

enum { PLAIN_DIGITS = 15 }; /* cjson keeps integers of at most so many digits exactly, for it reads doubles */

static int mark_number(struct reader *reader, const char *from)
{
	char literal[512];
	size_t length = (size_t)(reader->at - from);

	if (length + 4 > sizeof literal)
		return fail(reader, "bad_json", "a number has too many digits");
	literal[0] = '"';
	literal[1] = PA_JSON_MARK;
	literal[2] = 'N';
	memcpy(literal + 3, from, length);
	literal[3 + length] = '"';
	return replace(reader, from, literal, length + 4);
}

static int check_number(struct reader *reader, const char *from, bool integer)
{
	char literal[512];
	size_t length = (size_t)(reader->at - from);

	if (integer && length <= PLAIN_DIGITS)
		return 0;
	if (length >= sizeof literal)
		return fail(reader, "bad_json", "a number has too many digits");
	memcpy(literal, from, length);
	literal[length] = '\0';
	errno = 0;
	if (integer && (strtoll(literal, NULL, 10), errno == 0))
		return mark_number(reader, from);
	if (integer && reader->strict)
		return fail(reader, "bad_json", "the integer is beyond 64 bits");
	double value = strtod(literal, NULL);
	if (!isfinite(value))
		return fail(reader, "bad_json", "the number is out of range");
	/* cjson would make an integer of 1.0: mark it. */
	return value == floor(value) ? mark_number(reader, from) : 0;
}

static int read_digits(struct reader *reader)
{
	if (!is_digit(reader))
		return fail(reader, "bad_json", "a digit is missing");
	while (is_digit(reader))
		reader->at++;
	return 0;
}

static int read_number(struct reader *reader)
{
	const char *from = reader->at;
	bool integer = true;

	if (*reader->at == '-')
		reader->at++;
	if (reader->at < reader->end && *reader->at == '0') {
		reader->at++;
		if (is_digit(reader))
			return fail(reader, "bad_json", "a number must not begin with 0");
	} else if (read_digits(reader) < 0) {
		return -1;
	}
	if (reader->at < reader->end && *reader->at == '.') {
		integer = false;
		reader->at++;
		if (read_digits(reader) < 0)
			return -1;
	}
	if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
		integer = false;
		reader->at++;
		if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-'))
			reader->at++;
		if (read_digits(reader) < 0)
			return -1;
	}
	return check_number(reader, from, integer);
}

static int read_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return fail(reader, "bad_json", "not a JSON value");
	reader->at += length;
	return 0;
}

static int read_value(struct reader *reader);

static int enter(struct reader *reader)
{
	if (++reader->depth > PA_JSON_DEPTH_MAX)
		return fail(reader, "too_deep", "nested deeper than 64");
	reader->at++;
	skip_space(reader);
	return 0;
}

/* Adds the size of an array or object, which is known at its end, in the place of its beginning. -1 without memory. */
static int begin_size(struct reader *reader, size_t *place)
{
	static const uint32_t unknown = 0;

	*place = reader->scan->sizes.length;
	if (pa_buffer_add(&reader->scan->sizes, (const char *)&unknown, sizeof unknown) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

static void end_size(struct reader *reader, size_t place, uint32_t count, bool is_array)
{
	uint32_t size = count * 2 + is_array;

	memcpy(reader->scan->sizes.at + place, &size, sizeof size);
}

static bool accept(struct reader *reader, char byte)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static int read_array(struct reader *reader)
{
	const char *from = reader->at;
	uint32_t count = 0;
	size_t place;

	if (enter(reader) < 0)
		return -1;
	if (accept(reader, ']')) {
		reader->depth--;
		return replace(reader, from,
			"\"\x7f"
			"A\"",
			4);
	}
	if (begin_size(reader, &place) < 0)
		return -1;
	do {
		if (read_value(reader) < 0)
			return -1;
		count++;
	} while (accept(reader, ','));
	end_size(reader, place, count, true);
	reader->depth--;
	return accept(reader, ']') ? 0 : fail(reader, "bad_json", "',' or ']' is missing");
}

static int read_key(struct reader *reader)
{
	struct pa_span key = {.at = reader->at};

	if (!reader->ordered)
		return read_string(reader);
	reader->in_key = true;
	if (read_marked_string(reader) < 0)
		return -1;
	reader->in_key = false;
	key.length = (size_t)(reader->at - key.at);
	if (pa_buffer_add(&reader->keys, (const char *)&key, sizeof key) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

/* `at` is after the closing brace: writes the list of the keys from `begin` on as a last member in front of it. */
static int add_keys(struct reader *reader, size_t begin)
{
	struct pa_buffer *out = &reader->scan->text;
	const char *brace = reader->at - 1;
	size_t place;

	if (begin_size(reader, &place) < 0)
		return -1;
	end_size(reader, place, (uint32_t)((reader->keys.length - begin) / sizeof(struct pa_span)), true);
	int failed = replace(reader, brace, ",\"" PA_JSON_KEYS "\":[", 6);

	for (size_t at = begin; at < reader->keys.length && !failed; at += sizeof(struct pa_span)) {
		struct pa_span key;
		memcpy(&key, reader->keys.at + at, sizeof key);
		failed = (at > begin && pa_buffer_add(out, ",", 1) < 0) ||
				 pa_buffer_add(out, begins_with_mark(key) ? "\"\x7f" : "\"", begins_with_mark(key) ? 2 : 1) < 0 ||
				 pa_buffer_add(out, key.at + 1, key.length - 1) < 0;
	}
	reader->keys.length = begin;
	if (failed || pa_buffer_add(out, "]}", 2) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

static int read_object(struct reader *reader)
{
	size_t begin = reader->keys.length, place;
	uint32_t count = 0;

	if (enter(reader) < 0 || begin_size(reader, &place) < 0)
		return -1;
	if (accept(reader, '}')) {
		reader->depth--;
		return 0;
	}
	do {
		skip_space(reader);
		if (reader->at == reader->end || *reader->at != '"')
			return fail(reader, "bad_json", "a key in double quotes is missing");
		if (read_key(reader) < 0)
			return -1;
		if (!accept(reader, ':'))
			return fail(reader, "bad_json", "':' is missing");
		if (read_value(reader) < 0)
			return -1;
		count++;
	} while (accept(reader, ','));
	end_size(reader, place, count + reader->ordered, false);
	reader->scan->members += count;
	reader->depth--;
	if (!accept(reader, '}'))
		return fail(reader, "bad_json", "',' or '}' is missing");
	return reader->ordered ? add_keys(reader, begin) : 0;
}

static int read_value(struct reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end)
		return fail(reader, "bad_json", "the text ends where a value is expected");
	switch (*reader->at) {
	case '{':
		return read_object(reader);
	case '[':
		return read_array(reader);
	case '"':
		return read_marked_string(reader);
	case 't':
		return read_word(reader, "true");
	case 'f':
		return read_word(reader, "false");
	case 'n':
		return read_word(reader, "null");
	default:
		if (*reader->at == '-' || is_digit(reader))
			return read_number(reader);
		return fail(reader, "bad_json", "not a JSON value");
	}
}

static int read_text(struct reader *reader)
{
	struct pa_json_scan *scan = reader->scan;

	if (read_value(reader) < 0)
		return -1;
	skip_space(reader);
	if (reader->at != reader->end)
		return fail(reader, "bad_json", "unexpected text after the JSON value");
	if (scan->rewritten && pa_buffer_add(&scan->text, reader->copied, (size_t)(reader->end - reader->copied)) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

int pa_json_scan(struct pa_json_scan *scan, const char *text, size_t length, unsigned flags)
{
	struct reader reader = {.scan = scan,
		.begin = text,
		.at = text,
		.end = text + length,
		.copied = text,
		.ordered = (flags & PA_JSON_ORDERED) != 0,
		.strict = (flags & PA_JSON_STRICT) != 0};

	*scan = (struct pa_json_scan){0};
	int result = read_text(&reader);
	pa_buffer_free(&reader.keys);
	return result;
}

void pa_json_scan_free(struct pa_json_scan *scan)
{
	pa_buffer_free(&scan->text);
	pa_buffer_free(&scan->sizes);
}
