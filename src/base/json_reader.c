/* Reads strings, numbers and words, and rewrites those that lua-cjson does not keep. */
#include "base/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json_mistake.h"
#include "base/text.h"

int pa_json_reader_fail(struct pa_json_reader *reader, const char *code, const char *message)
{
	reader->scan->code = code;
	reader->scan->message = message;
	reader->scan->at = (size_t)(reader->at - reader->begin);
	return -1;
}

int pa_json_reader_fail_from(struct pa_json_reader *reader, const char *from, const char *message)
{
	reader->at = from;
	return pa_json_reader_fail(reader, "bad_json", message);
}

int pa_json_reader_fail_expecting(struct pa_json_reader *reader, const char *message)
{
	struct pa_span rest = {reader->at, (size_t)(reader->end - reader->at)};

	return pa_json_reader_fail(reader, "bad_json", pa_json_mistake_at(rest, reader->depth > 0, message));
}

int pa_json_reader_replace(struct pa_json_reader *reader, const char *from, const char *text, size_t length)
{
	struct pa_buffer *out = &reader->scan->text;

	if (pa_buffer_add(out, reader->copied, (size_t)(from - reader->copied)) < 0 || pa_buffer_add(out, text, length) < 0)
		return pa_json_reader_fail(reader, "memory", "not enough memory");
	reader->copied = reader->at;
	reader->scan->rewritten = true;
	return 0;
}

static bool is_digit(const struct pa_json_reader *reader)
{
	return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static int hex4(struct pa_json_reader *reader, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		char byte = reader->at < reader->end ? *reader->at : 0, lower = (char)(byte | 0x20);
		if (byte >= '0' && byte <= '9')
			*value = *value * 16 + (unsigned)(byte - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value * 16 + (unsigned)(lower - 'a' + 10);
		else
			return pa_json_reader_fail(reader, "bad_json", "\\u needs four hex digits after it");
	}
	return 0;
}

/* Half of a surrogate pair, from the backslash `from` to `at`. */
static int read_half(struct pa_json_reader *reader, const char *from, const char *problem)
{
	if (reader->strict)
		return pa_json_reader_fail_from(reader, from, problem);
	return pa_json_reader_replace(reader, from, "\xef\xbf\xbd", 3);
}

/* `at` is after the backslash. */
static int read_escape(struct pa_json_reader *reader)
{
	static const char no_low[] = "a high surrogate without a low one after it";
	const char *from = reader->at - 1;
	unsigned unit, low;

	if (reader->at == reader->end)
		return 0; /* the string has no end */
	char letter = *reader->at;
	if (letter != 'u') {
		if (!letter || !strchr("\"\\/bfnrt", letter))
			return pa_json_reader_fail(reader, "bad_json", "an unknown escape after a backslash");
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
static int fail_utf8(struct pa_json_reader *reader, const char *begin)
{
	struct pa_span rest = {begin, (size_t)(reader->at - begin)};

	for (size_t length; (length = pa_text_utf8_at(rest)) > 0; rest.length -= length)
		rest.at += length;
	return pa_json_reader_fail_from(reader, rest.at, "a byte that is not UTF-8");
}

int pa_json_reader_string(struct pa_json_reader *reader)
{
	const char *begin = ++reader->at;
	bool ascii = true;

	for (;;) {
		reader->at += pa_text_plain((struct pa_span){reader->at, (size_t)(reader->end - reader->at)});
		if (reader->at == reader->end)
			return pa_json_reader_fail_from(reader, begin - 1, "the string that begins here has no end");
		unsigned char byte = (unsigned char)*reader->at;
		if (byte == '"')
			break;
		if (byte < 0x20)
			return pa_json_reader_fail(reader, "bad_json", "a control byte in a string: escape it");
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

int pa_json_reader_marked_string(struct pa_json_reader *reader)
{
	const char *from = reader->at;

	if (begins_with_mark((struct pa_span){from, (size_t)(reader->end - from)})) {
		reader->at = from + 1; /* write a second mark directly after the quote */
		if (pa_json_reader_replace(reader, from, "\"\x7f", 2) < 0)
			return -1;
		reader->at = from;
	}
	return pa_json_reader_string(reader);
}

enum {
	PLAIN_DIGITS = 15, /* cjson keeps integers of at most so many digits exactly, for it reads doubles */
	DIGITS_MOST = 508,
};

static int mark_number(struct pa_json_reader *reader, const char *from)
{
	char literal[DIGITS_MOST + 4];
	size_t length = (size_t)(reader->at - from);

	literal[0] = '"';
	literal[1] = PA_JSON_MARK;
	literal[2] = 'N';
	memcpy(literal + 3, from, length);
	literal[3 + length] = '"';
	return pa_json_reader_replace(reader, from, literal, length + 4);
}

static int check_number(struct pa_json_reader *reader, const char *from, bool integer)
{
	char literal[DIGITS_MOST + 1];
	size_t length = (size_t)(reader->at - from);

	if (integer && length <= PLAIN_DIGITS)
		return 0;
	if (length > DIGITS_MOST)
		return pa_json_reader_fail_from(reader, from, "a number has too many digits");
	memcpy(literal, from, length);
	literal[length] = '\0';
	errno = 0;
	if (integer && (strtoll(literal, NULL, 10), errno == 0))
		return mark_number(reader, from);
	if (integer && reader->strict)
		return pa_json_reader_fail_from(reader, from, "the integer is beyond 64 bits");
	double value = strtod(literal, NULL);
	if (!isfinite(value))
		return pa_json_reader_fail_from(reader, from, "the number is out of range");
	/* cjson would make an integer of 1.0: mark it. */
	return value == floor(value) ? mark_number(reader, from) : 0;
}

static int read_digits(struct pa_json_reader *reader)
{
	if (!is_digit(reader))
		return pa_json_reader_fail_expecting(reader, "a digit is missing");
	while (is_digit(reader))
		reader->at++;
	return 0;
}

int pa_json_reader_number(struct pa_json_reader *reader)
{
	const char *from = reader->at;
	bool integer = true;

	if (*reader->at == '-') {
		reader->at++;
		if (reader->at < reader->end && *reader->at && strchr("IiNn", *reader->at))
			return pa_json_reader_fail_expecting(reader, NULL); /* -Infinity */
	}
	if (reader->at < reader->end && *reader->at == '0') {
		reader->at++;
		if (is_digit(reader))
			return pa_json_reader_fail(reader, "bad_json", "a number must not begin with 0");
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

int pa_json_reader_word(struct pa_json_reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return pa_json_reader_fail_expecting(reader, NULL);
	reader->at += length;
	return 0;
}
