/* Decodes leniently: what is no escape stays as it is. */
#include "traffic/views.h"

#include <stdlib.h>

enum { DEPTH_MAX = 2, UNIT_MAX = 4 };

/* Reads the unit that `text` begins with: its bytes decoded into `out`, *count of them. How many bytes it has in the
 * text; 1 with the byte itself when it is no escape. */
typedef size_t decoder(struct pa_span text, char *out, size_t *count);

static size_t same(struct pa_span text, char *out, size_t *count)
{
	*out = *text.at;
	*count = 1;
	return 1;
}

static size_t put_utf8(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	out[0] = (char)((0xff00u >> (more + 1) & 0xffu) | code >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
	return more + 1;
}

/* The value of `digits` hexadecimal digits, or -1. */
static long hex_at(struct pa_span text, size_t from, size_t digits)
{
	long value = 0;

	if (text.length < from + digits)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int digit = pa_text_hex_value(text.at[from + i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static size_t percent(struct pa_span text, char *out, size_t *count)
{
	long byte = *text.at == '%' ? hex_at(text, 1, 2) : -1;

	if (byte < 0)
		return same(text, out, count);
	*out = (char)byte;
	*count = 1;
	return 3;
}

static size_t form(struct pa_span text, char *out, size_t *count)
{
	if (*text.at != '+')
		return percent(text, out, count);
	*out = ' ';
	*count = 1;
	return 1;
}

static size_t json_letter(struct pa_span text, char *out, size_t *count)
{
	long code = hex_at(text, 2, 4);
	size_t width = 6;

	if (code < 0)
		return same(text, out, count);
	if (code >= 0xd800 && code < 0xdc00 && text.length >= 12 && text.at[6] == '\\' && text.at[7] == 'u') {
		long low = hex_at(text, 8, 4);
		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
			width = 12;
		}
	}
	*count = put_utf8((uint32_t)code, out);
	return width;
}

static size_t json(struct pa_span text, char *out, size_t *count)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";

	if (*text.at != '\\' || text.length < 2)
		return same(text, out, count);
	if (text.at[1] == 'u')
		return json_letter(text, out, count);
	const char *letter = memchr(letters, text.at[1], sizeof letters - 1);
	if (!letter)
		return same(text, out, count);
	*out = bytes[letter - letters];
	*count = 1;
	return 2;
}

/* A numeric reference: "&#39;", "&#x27;". */
static size_t html_number(struct pa_span text, char *out, size_t *count)
{
	bool hexadecimal = text.length > 2 && (text.at[2] == 'x' || text.at[2] == 'X');
	size_t at = hexadecimal ? 3 : 2;
	uint32_t code = 0;

	for (; at < text.length && at < 11; at++) {
		int digit = pa_text_hex_value(text.at[at]);
		if (digit < 0 || (!hexadecimal && digit > 9))
			break;
		code = code * (hexadecimal ? 16 : 10) + (uint32_t)digit;
	}
	if (at >= text.length || text.at[at] != ';' || code == 0 || code > 0x10ffff)
		return same(text, out, count);
	*count = put_utf8(code, out);
	return at + 1;
}

static size_t html(struct pa_span text, char *out, size_t *count)
{
	static const struct {
		const char *name;
		char byte;
	} names[] = {{"&amp;", '&'}, {"&quot;", '"'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}};

	if (*text.at != '&' || text.length < 4)
		return same(text, out, count);
	if (text.at[1] == '#')
		return html_number(text, out, count);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i].name);
		if (text.length >= length && memcmp(text.at, names[i].name, length) == 0) {
			*out = names[i].byte;
			*count = 1;
			return length;
		}
	}
	return same(text, out, count);
}

/* UTF-16 of ASCII, in either order of its bytes. */
static size_t narrow(struct pa_span text, char *out, size_t *count)
{
	if (*text.at)
		return same(text, out, count);
	*count = 0;
	return 1;
}

static const struct {
	decoder *decode;
	char mark; /* a text without this byte has no such escape */
} forms[] = {{percent, '%'}, {form, '+'}, {json, '\\'}, {html, '&'}, {narrow, '\0'}};

static bool walk(const struct pa_view *source, int depth, pa_views_look *look, void *context);

/* Decodes a view and walks on from it, when anything of it was an escape. */
static bool walk_form(const struct pa_view *source, decoder *decode, int depth, pa_views_look *look, void *context)
{
	size_t length = source->text.length, used = 0, count;
	char *text = malloc(length + UNIT_MAX);
	uint32_t *map = malloc((length + UNIT_MAX + 1) * sizeof *map);
	bool fine = text && map, differs = false;

	for (size_t i = 0; fine && i < length;) {
		/* no unit has more bytes decoded than encoded */
		size_t width = decode((struct pa_span){source->text.at + i, length - i}, text + used, &count);
		for (size_t byte = 0; byte < count; byte++)
			map[used + byte] = (uint32_t)pa_views_place(source, i);
		differs = differs || width != count || text[used] != source->text.at[i];
		used += count;
		i += width;
	}
	if (fine && differs) {
		map[used] = (uint32_t)pa_views_place(source, length);
		fine = walk(&(struct pa_view){{text, used}, map}, depth + 1, look, context);
	}
	if (text)
		explicit_bzero(text, length + UNIT_MAX);
	free(text);
	free(map);
	return fine;
}

static bool walk(const struct pa_view *source, int depth, pa_views_look *look, void *context)
{
	bool fine = true;

	look(context, source);
	if (depth == DEPTH_MAX || source->text.length == 0)
		return true;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (memchr(source->text.at, forms[i].mark, source->text.length))
			fine = walk_form(source, forms[i].decode, depth, look, context) && fine;
	return fine;
}

bool pa_views_walk(struct pa_span source, pa_views_look *look, void *context)
{
	return walk(&(struct pa_view){source, NULL}, 0, look, context);
}
