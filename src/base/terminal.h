/*
 * The parts of a log line for a person at a terminal: colors, the first line of a text, the frames of a traceback.
 * Between pa_mask_begin and pa_mask_end. Never raises.
 */
#ifndef PA_TERMINAL_H
#define PA_TERMINAL_H

#include "base/line.h"

enum pa_terminal_color { PA_TERMINAL_DIM, PA_TERMINAL_RED, PA_TERMINAL_GREEN, PA_TERMINAL_YELLOW, PA_TERMINAL_CYAN };

/* Adds text in a color; without one unless the line's form is PA_LINE_COLOR. */
void pa_terminal_put(struct pa_line *line, enum pa_terminal_color color, const char *text, size_t length);

/* The color of a status: 200 is green, 404 yellow, 500 red. */
enum pa_terminal_color pa_terminal_status(int status);

/* The length of the first line of a text; a line break inside a secret does not end it. */
size_t pa_terminal_first_line(const char *text, size_t length);

/* Adds the frames of Lua's traceback, a line each: those of the app as they are, of those of the library their
 * number. */
void pa_terminal_put_frames(struct pa_line *line, const char *traceback, size_t length);

#endif
