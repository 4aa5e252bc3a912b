/* Adds text to a log line. */
#include "base/line.h"

#include <stdio.h>
#include <string.h>

#include "base/mask.h"
#include "base/text.h"

void pa_line_put(struct pa_line *line, const char *bytes, size_t length)
{
	size_t room = PA_LINE_MAX - PA_LINE_TAIL - line->length;

	if (length > room)
		length = room;
	memcpy(line->bytes + line->length, bytes, length);
	line->length += length;
}

void pa_line_put_text(struct pa_line *line, const char *text)
{
	pa_line_put(line, text, strlen(text));
}

/* U+0080 to U+009F: some terminals read U+009B as the beginning of a command. */
static bool is_c1(const char *at, size_t width)
{
	return width == 2 && (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0;
}

/* Adds the character at `at`, which is `width` bytes long; 0: not a character. */
static void put_character(struct pa_line *line, const char *at, size_t width)
{
	unsigned char byte = (unsigned char)at[0];
	bool people = line->form != PA_LINE_JSON;
	char escape[8];

	if (width == 0) {
		pa_line_put_text(line, "\xef\xbf\xbd");
	} else if (byte == '\n' && people) {
		pa_line_put_text(line, "\n    ");
	} else if (byte == '\t' && people) {
		pa_line_put_text(line, "  ");
	} else if (byte < 0x20 || byte == 0x7f || is_c1(at, width)) {
		snprintf(escape, sizeof escape, "\\u%04x", width == 2 ? (unsigned char)at[1] : byte);
		pa_line_put_text(line, byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : escape);
	} else if ((byte == '"' || byte == '\\') && !people) {
		pa_line_put(line, "\\", 1);
		pa_line_put(line, at, 1);
	} else {
		pa_line_put(line, at, width);
	}
}

void pa_line_put_escaped(struct pa_line *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length && line->length < PA_LINE_MAX - PA_LINE_TAIL - 8;) {
		size_t secret = pa_mask_at(text + i, length - i);
		if (secret > 0) {
			pa_line_put_text(line, "***");
			i += secret;
			continue;
		}
		size_t width = pa_text_utf8_at((struct pa_span){text + i, length - i});
		put_character(line, text + i, width);
		i += width == 0 ? 1 : width;
	}
}
