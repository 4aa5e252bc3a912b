/* A recursive reader of JSON: texts, arrays and objects. Strings and numbers are json_reader.c's. */
#include "base/json_scan.h"

#include <stdint.h>
#include <string.h>

#include "base/json_mistake.h"
#include "base/json_names.h"
#include "base/json_reader.h"
#include "base/text.h"

static void skip_space(struct pa_json_reader *reader)
{
	while (reader->at < reader->end &&
		   (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

static int read_value(struct pa_json_reader *reader);

static int enter(struct pa_json_reader *reader)
{
	if (++reader->depth > PA_JSON_DEPTH_MAX)
		return pa_json_reader_fail(reader, "too_deep", "nested deeper than 64");
	reader->at++;
	skip_space(reader);
	return 0;
}

/* Adds the size of an array or object, which is known at its end, in the place of its beginning. -1 without memory. */
static int begin_size(struct pa_json_reader *reader, size_t *place)
{
	static const uint32_t unknown = 0;

	*place = reader->scan->sizes.length;
	if (pa_buffer_add(&reader->scan->sizes, (const char *)&unknown, sizeof unknown) < 0)
		return pa_json_reader_fail(reader, "memory", "not enough memory");
	return 0;
}

static void end_size(struct pa_json_reader *reader, size_t place, uint32_t count, bool is_array)
{
	uint32_t size = count * 2 + is_array;

	memcpy(reader->scan->sizes.at + place, &size, sizeof size);
}

static bool accept(struct pa_json_reader *reader, char byte)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static int read_array(struct pa_json_reader *reader)
{
	const char *from = reader->at;
	uint32_t count = 0;
	size_t place;

	if (enter(reader) < 0)
		return -1;
	if (accept(reader, ']')) {
		reader->depth--;
		return pa_json_reader_replace(reader, from, "\"\177A\"", 4);
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
		return pa_json_reader_fail_expecting(reader, "',' or ']' is missing");
	reader->depth--;
	return 0;
}

/* Where in the rewritten text the byte at `at` will be, once it has been copied. */
static size_t written_at(const struct pa_json_reader *reader)
{
	return reader->scan->text.length + (size_t)(reader->at - reader->copied);
}

static int read_key(struct pa_json_reader *reader)
{
	if (!reader->ordered && !reader->strict)
		return pa_json_reader_string(reader);
	struct pa_json_name name = {.text.at = reader->at, .place = written_at(reader)};
	if (reader->ordered ? pa_json_reader_marked_string(reader) < 0 : pa_json_reader_string(reader) < 0)
		return -1;
	name.text.length = (size_t)(reader->at - name.text.at);
	name.length = written_at(reader) - name.place;
	if (pa_buffer_add(&reader->keys, (const char *)&name, sizeof name) < 0)
		return pa_json_reader_fail(reader, "memory", "not enough memory");
	return 0;
}

/* `at` is after the closing brace: writes the list of the keys as a last member in front of it. */
static int add_keys(struct pa_json_reader *reader, const struct pa_json_name *names, size_t count)
{
	struct pa_buffer *out = &reader->scan->text;
	size_t place;

	if (begin_size(reader, &place) < 0)
		return -1;
	end_size(reader, place, (uint32_t)count, true);
	int failed = pa_json_reader_replace(reader, reader->at - 1, ",\"" PA_JSON_KEYS "\":[", 6);

	for (size_t i = 0; i < count && !failed; i++) {
		size_t length = names[i].length, room = out->size - out->length;
		/* With room for it the buffer does not move while a part of itself is added. */
		failed = (room <= length && pa_buffer_grow(out, length + 1) < 0) || (i > 0 && pa_buffer_add(out, ",", 1) < 0) ||
				 pa_buffer_add(out, out->at + names[i].place, length) < 0;
	}
	if (failed || pa_buffer_add(out, "]}", 2) < 0)
		return pa_json_reader_fail(reader, "memory", "not enough memory");
	return 0;
}

/* `at` is after the closing brace of an object whose keys were kept from `begin` on. */
static int end_keys(struct pa_json_reader *reader, size_t begin)
{
	struct pa_json_name *names = (void *)(reader->keys.at + begin);
	size_t count = (reader->keys.length - begin) / sizeof *names;

	if (reader->ordered && add_keys(reader, names, count) < 0)
		return -1;
	const char *repeated = reader->strict ? pa_json_names_repeated(names, count) : NULL;
	if (repeated)
		return pa_json_reader_fail_from(reader, repeated, "the object has this name already");
	reader->keys.length = begin;
	return 0;
}

static int read_object(struct pa_json_reader *reader)
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
			return pa_json_reader_fail_expecting(reader, pa_json_mistake_key);
		if (read_key(reader) < 0)
			return -1;
		if (!accept(reader, ':'))
			return pa_json_reader_fail_expecting(reader, "':' is missing");
		if (read_value(reader) < 0)
			return -1;
		count++;
	} while (accept(reader, ','));
	end_size(reader, place, count + reader->ordered, false);
	if (!accept(reader, '}'))
		return pa_json_reader_fail_expecting(reader, "',' or '}' is missing");
	reader->depth--;
	return reader->ordered || reader->strict ? end_keys(reader, begin) : 0;
}

static int read_value(struct pa_json_reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end)
		return pa_json_reader_fail_expecting(reader, NULL);
	switch (*reader->at) {
	case '{':
		return read_object(reader);
	case '[':
		return read_array(reader);
	case '"':
		return pa_json_reader_marked_string(reader);
	case 't':
		return pa_json_reader_word(reader, "true");
	case 'f':
		return pa_json_reader_word(reader, "false");
	case 'n':
		return pa_json_reader_word(reader, "null");
	default:
		if (*reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9'))
			return pa_json_reader_number(reader);
		return pa_json_reader_fail_expecting(reader, NULL);
	}
}

static int read_text(struct pa_json_reader *reader)
{
	struct pa_json_scan *scan = reader->scan;

	if (reader->at == reader->end)
		return pa_json_reader_fail(reader, "bad_json", "the text is empty");
	if (reader->end - reader->at >= 3 && memcmp(reader->at, "\xef\xbb\xbf", 3) == 0) { /* RFC 8259, section 8.1 */
		if (reader->strict)
			return pa_json_reader_fail(reader, "bad_json", "a byte order mark before the JSON value");
		reader->at += 3;
		if (pa_json_reader_replace(reader, reader->begin, "", 0) < 0)
			return -1;
	}
	if (read_value(reader) < 0)
		return -1;
	skip_space(reader);
	if (reader->at != reader->end)
		return pa_json_reader_fail_expecting(reader, "unexpected text after the JSON value");
	if (scan->rewritten && pa_buffer_add(&scan->text, reader->copied, (size_t)(reader->end - reader->copied)) < 0)
		return pa_json_reader_fail(reader, "memory", "not enough memory");
	return 0;
}

int pa_json_scan(struct pa_json_scan *scan, const char *text, size_t length, unsigned flags)
{
	struct pa_json_reader reader = {.scan = scan,
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
		pa_json_reader_fail_from(&reader, text, problem);
	return result;
}

void pa_json_scan_free(struct pa_json_scan *scan)
{
	pa_buffer_free(&scan->text);
	pa_buffer_free(&scan->sizes);
}
