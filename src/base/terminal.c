/* Colors and frames. */
#include "base/terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mask.h"

static const char *const colors[] = {"\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"};
static const char plain[] = "\x1b[0m";

/* All of a command for the terminal, or nothing of it. */
static void put_command(struct pa_line *line, const char *command)
{
	size_t length = strlen(command);

	if (line->form == PA_LINE_COLOR && line->length + length <= PA_LINE_MAX - PA_LINE_TAIL)
		pa_line_put(line, command, length);
}

void pa_terminal_put(struct pa_line *line, enum pa_terminal_color color, const char *text, size_t length)
{
	put_command(line, colors[color]);
	pa_line_put_escaped(line, text, length);
	put_command(line, plain);
}

enum pa_terminal_color pa_terminal_status(int status)
{
	if (status >= 500)
		return PA_TERMINAL_RED;
	if (status >= 400)
		return PA_TERMINAL_YELLOW;
	return status >= 300 ? PA_TERMINAL_CYAN : PA_TERMINAL_GREEN;
}

size_t pa_terminal_first_line(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && text[i] != '\n') {
		size_t secret = pa_mask_at(text + i, length - i);
		i += secret > 0 ? secret : 1;
	}
	return i < length ? i : length;
}

static bool begins(const char *frame, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(frame, word, strlen(word)) == 0;
}

static void put_folded(struct pa_line *line, unsigned count)
{
	char text[64];

	if (count == 0)
		return;
	int length = snprintf(text, sizeof text, "(%u %s of the library)", count, count == 1 ? "frame" : "frames");
	pa_line_put_text(line, "\n    ");
	pa_terminal_put(line, PA_TERMINAL_DIM, text, (size_t)length);
}

void pa_terminal_put_frames(struct pa_line *line, const char *traceback, size_t length)
{
	unsigned folded = 0;

	while (length > 0) {
		const char *end = memchr(traceback, '\n', length);
		size_t all = end ? (size_t)(end - traceback) : length;
		bool is_frame = all > 0 && traceback[0] == '\t'; /* the first line is "stack traceback:" */
		const char *frame = traceback + 1;
		/* Chunks of the library are named "partnerapp/…" (script/modules.c), those of the command line "cli/…". */
		if (is_frame && (begins(frame, all - 1, "partnerapp/") || begins(frame, all - 1, "cli/"))) {
			folded++;
		} else if (is_frame && !begins(frame, all - 1, "[C]") && !begins(frame, all - 1, "(...tail")) {
			put_folded(line, folded);
			folded = 0;
			pa_line_put_text(line, "\n    ");
			pa_line_put_escaped(line, frame, all - 1);
		}
		traceback += all + (end != NULL);
		length -= all + (end != NULL);
	}
	put_folded(line, folded);
}
