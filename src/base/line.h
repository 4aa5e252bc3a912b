/*
 * A log line while it is made: bytes of a fixed size, with secrets masked and control bytes escaped. Used by one thread
 * at a time, between pa_mask_begin and pa_mask_end. Never raises.
 */
#ifndef PA_LINE_H
#define PA_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outlet.h"

enum pa_line_form {
	PA_LINE_JSON,
	PA_LINE_TEXT,  /* for a person at a terminal */
	PA_LINE_COLOR, /* the same with colors */
};

enum {
	PA_LINE_MAX = PA_OUTLET_LINE_MAX,
	PA_LINE_TAIL = 8, /* bytes reserved for the end: quote, brace, the end of a color, newline */
};

struct pa_line {
	char bytes[PA_LINE_MAX];
	size_t length;
	enum pa_line_form form;
};

/* Adds bytes as they are; those that have no room are left out. */
void pa_line_put(struct pa_line *line, const char *bytes, size_t length);
void pa_line_put_text(struct pa_line *line, const char *text);

/* Adds text with secrets masked, control bytes escaped and invalid UTF-8 replaced. For a terminal a line break stays
 * one, and the next line is indented. */
void pa_line_put_escaped(struct pa_line *line, const char *text, size_t length);

#endif
