/* A recursive reader of JSON; it copies the text only when it has to rewrite a value. */
#include "base/json_scan.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_mistake.h"
#include "base/json_names.h"
#include "base/text.h"

struct reader {
	struct pa_json_scan *scan;
	const char *begin, *at, *end, *copied; /* the text before `copied` is in the rewritten text already */
	int depth;
	bool ordered, strict;
	struct pa_buffer keys; /* struct pa_json_name of all objects that are open; if ordered or strict */
};

static int fail(struct reader *reader, const char *code, const char *message)
{
	reader->scan->code = code;
	reader->scan->message = message;
	reader->scan->at = (size_t)(reader->at - reader->begin);
	return -1;
}

static int fail_from(struct reader *reader, const char *from, const char *message)
{
	reader->at = from;
	return fail(reader, "bad_json", message);
}

/* Fails because what is at `at` is not what has to be there: a value, or what the message says. */
static int fail_expecting(struct reader *reader, const char *message)
{
	struct pa_span rest = {reader->at, (size_t)(reader->end - reader->at)};

	return fail(reader, "bad_json", pa_json_mistake_at(rest, reader->depth > 0, message));
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

/* Half of a surrogate pair, from the backslash `from` to `at`. */
static int read_half(struct reader *reader, const char *from, const char *problem)
{
	if (reader->strict)
		return fail_from(reader, from, problem);
	return replace(reader, from, "\xef\xbf\xbd", 3);
}

/* `at` is after the backslash. */
static int read_escape(struct reader *reader)
{
	static const char no_low[] = "a high surrogate without a low one after it";
	const char *from = reader->at - 1;
	unsigned unit, low;

	if (reader->at == reader->end)
		return 0; /* the string has no end */
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

/* Fails at the first byte of the string from `begin` to `at` that is not UTF-8. */
static int fail_utf8(struct reader *reader, const char *begin)
{
	struct pa_span rest = {begin, (size_t)(reader->at - begin)};

	for (size_t length; (length = pa_text_utf8_at(rest)) > 0; rest.length -= length)
		rest.at += length;
	return fail_from(reader, rest.at, "a byte that is not UTF-8");
}

/* `at` is the opening quote; afterwards it is the byte after the closing one. */
static int read_string(struct reader *reader)
{
	const char *begin = ++reader->at;
	bool ascii = true;

	for (;;) {
		reader->at += pa_text_plain((struct pa_span){reader->at, (size_t)(reader->end - reader->at)});
		if (reader->at == reader->end)
			return fail_from(reader, begin - 1, "the string that begins here has no end");
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
	if (!ascii && !pa_text_is_utf8((struct pa_span){begin, (size_t)(reader->at - begin)}))
		return fail_utf8(reader, begin);
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

enum {
	PLAIN_DIGITS = 15, /* cjson keeps integers of at most so many digits exactly, for it reads doubles */
	DIGITS_MOST = 508,
};

static int mark_number(struct reader *reader, const char *from)
{
	char literal[DIGITS_MOST + 4];
	size_t length = (size_t)(reader->at - from);

	literal[0] = '"';
	literal[1] = PA_JSON_MARK;
	literal[2] = 'N';
	memcpy(literal + 3, from, length);
	literal[3 + length] = '"';
	return replace(reader, from, literal, length + 4);
}

static int check_number(struct reader *reader, const char *from, bool integer)
{
	char literal[DIGITS_MOST + 1];
	size_t length = (size_t)(reader->at - from);

	if (integer && length <= PLAIN_DIGITS)
		return 0;
	if (length > DIGITS_MOST)
		return fail_from(reader, from, "a number has too many digits");
	memcpy(literal, from, length);
	literal[length] = '\0';
	errno = 0;
	if (integer && (strtoll(literal, NULL, 10), errno == 0))
		return mark_number(reader, from);
	if (integer && reader->strict)
		return fail_from(reader, from, "the integer is beyond 64 bits");
	double value = strtod(literal, NULL);
	if (!isfinite(value))
		return fail_from(reader, from, "the number is out of range");
	/* cjson would make an integer of 1.0: mark it. */
	return value == floor(value) ? mark_number(reader, from) : 0;
}

static int read_digits(struct reader *reader)
{
	if (!is_digit(reader))
		return fail_expecting(reader, "a digit is missing");
	while (is_digit(reader))
		reader->at++;
	return 0;
}

static int read_number(struct reader *reader)
{
	const char *from = reader->at;
	bool integer = true;

	if (*reader->at == '-') {
		reader->at++;
		if (reader->at < reader->end && *reader->at && strchr("IiNn", *reader->at))
			return fail_expecting(reader, NULL); /* -Infinity */
	}
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
		return fail_expecting(reader, NULL);
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
		return replace(reader, from, "\"\177A\"", 4);
	}
	if (begin_size(reader, &place) < 0)
		return -1;
	do {
		if (read_value(reader) < 0)
			return -1;
		count++;
	} while (accept(reader, ','));
	end_size(reader, place, count, true);
	if (!accept(reader, ']'))
		return fail_expecting(reader, "',' or ']' is missing");
	reader->depth--;
	return 0;
}

/* Where in the rewritten text the byte at `at` will be, once it has been copied. */
static size_t written_at(const struct reader *reader)
{
	return reader->scan->text.length + (size_t)(reader->at - reader->copied);
}

static int read_key(struct reader *reader)
{
	if (!reader->ordered && !reader->strict)
		return read_string(reader);
	struct pa_json_name name = {.text.at = reader->at, .place = written_at(reader)};
	if (reader->ordered ? read_marked_string(reader) < 0 : read_string(reader) < 0)
		return -1;
	name.text.length = (size_t)(reader->at - name.text.at);
	name.length = written_at(reader) - name.place;
	if (pa_buffer_add(&reader->keys, (const char *)&name, sizeof name) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

/* `at` is after the closing brace: writes the list of the keys as a last member in front of it. */
static int add_keys(struct reader *reader, const struct pa_json_name *names, size_t count)
{
	struct pa_buffer *out = &reader->scan->text;
	size_t place;

	if (begin_size(reader, &place) < 0)
		return -1;
	end_size(reader, place, (uint32_t)count, true);
	int failed = replace(reader, reader->at - 1, ",\"" PA_JSON_KEYS "\":[", 6);

	for (size_t i = 0; i < count && !failed; i++) {
		size_t length = names[i].length, room = out->size - out->length;
		/* With room for it the buffer does not move while a part of itself is added. */
		failed = (room <= length && pa_buffer_grow(out, length + 1) < 0) || (i > 0 && pa_buffer_add(out, ",", 1) < 0) ||
				 pa_buffer_add(out, out->at + names[i].place, length) < 0;
	}
	if (failed || pa_buffer_add(out, "]}", 2) < 0)
		return fail(reader, "memory", "not enough memory");
	return 0;
}

/* `at` is after the closing brace of an object whose keys were kept from `begin` on. */
static int end_keys(struct reader *reader, size_t begin)
{
	struct pa_json_name *names = (void *)(reader->keys.at + begin);
	size_t count = (reader->keys.length - begin) / sizeof *names;

	if (reader->ordered && add_keys(reader, names, count) < 0)
		return -1;
	const char *repeated = reader->strict ? pa_json_names_repeated(names, count) : NULL;
	if (repeated)
		return fail_from(reader, repeated, "the object has this name already");
	reader->keys.length = begin;
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
			return fail_expecting(reader, "a key in double quotes is missing");
		if (read_key(reader) < 0)
			return -1;
		if (!accept(reader, ':'))
			return fail_expecting(reader, "':' is missing");
		if (read_value(reader) < 0)
			return -1;
		count++;
	} while (accept(reader, ','));
	end_size(reader, place, count + reader->ordered, false);
	if (!accept(reader, '}'))
		return fail_expecting(reader, "',' or '}' is missing");
	reader->depth--;
	return reader->ordered || reader->strict ? end_keys(reader, begin) : 0;
}

static int read_value(struct reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end)
		return fail_expecting(reader, NULL);
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
		return fail_expecting(reader, NULL);
	}
}

static int read_text(struct reader *reader)
{
	struct pa_json_scan *scan = reader->scan;

	if (reader->at == reader->end)
		return fail(reader, "bad_json", "the text is empty");
	if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xef\xbb\xbf", 3) == 0) { /* RFC 8259, section 8.1 */
		if (reader->strict)
			return fail(reader, "bad_json", "a byte order mark before the JSON value");
		reader->at += 3;
		if (replace(reader, reader->begin, "", 0) < 0)
			return -1;
	}
	if (read_value(reader) < 0)
		return -1;
	skip_space(reader);
	if (reader->at != reader->end)
		return fail_expecting(reader, "unexpected text after the JSON value");
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
	/* The second byte of "[" in UTF-16 may be the first that is wrong. */
	const char *problem = result < 0 && scan->at < 2 ? pa_json_mistake_text((struct pa_span){text, length}) : NULL;
	if (problem)
		fail_from(&reader, text, problem);
	return result;
}

void pa_json_scan_free(struct pa_json_scan *scan)
{
	pa_buffer_free(&scan->text);
	pa_buffer_free(&scan->sizes);
}
