#include "script/excerpt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	NAME_MAX_LENGTH = 255,
	SHOWN_MAX = 160, /* bytes of a line */
};

/* Line `number` of a file, without the white space around it; absent when the file has fewer. */
static struct pa_span line_of(struct pa_span bytes, long number)
{
	const char *at = bytes.at, *end = bytes.at + bytes.length;

	for (long line = 1; line < number; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return (struct pa_span){0};
		at++;
	}
	const char *stop = memchr(at, '\n', (size_t)(end - at));
	struct pa_span found = {at, (size_t)((stop ? stop : end) - at)};
	if (found.length > 0 && found.at[found.length - 1] == '\r')
		found.length--;
	found = pa_text_trim(found);
	if (found.length > SHOWN_MAX)
		found.length = SHOWN_MAX;
	return found;
}

/* The line of the app that a line of a message begins with, and its number; absent when it names none. */
static struct pa_span place_of(const struct pa_snapshot *snapshot, struct pa_span line, long *number)
{
	const char *colon = memchr(line.at, ':', line.length);
	size_t length = colon ? (size_t)(colon - line.at) : 0;
	char name[NAME_MAX_LENGTH + 1], *stop;

	if (!colon || length > NAME_MAX_LENGTH)
		return (struct pa_span){0};
	memcpy(name, line.at, length);
	name[length] = '\0';
	const struct pa_script *script = pa_snapshot_find(snapshot, PA_ROOM_APP, name);
	*number = strtol(colon + 1, &stop, 10);
	if (!script || *stop != ':' || *number < 1)
		return (struct pa_span){0};
	return line_of(script->bytes, *number);
}

char *pa_excerpt_add(const struct pa_snapshot *snapshot, const char *message)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	for (const char *at = message; *at;) {
		long number = 0;
		const struct pa_span line = {at, strcspn(at, "\n")};
		const struct pa_span shown = place_of(snapshot, line, &number);
		fwrite(line.at, 1, line.length, out);
		if (shown.length > 0) {
			fprintf(out, "\n    %ld | ", number);
			fwrite(shown.at, 1, shown.length, out);
		}
		at += line.length;
		if (*at)
			putc(*at++, out);
	}
	bool failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
