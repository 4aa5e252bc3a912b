/* How far a JSON text is read, and the values in it that have no others in them: strings, numbers, words. Functions
 * return 0, or -1 with code and message in `scan`. */
#ifndef PA_JSON_READER_H
#define PA_JSON_READER_H

#include <stdbool.h>

#include "base/json_result.h"

struct pa_json_reader {
	struct pa_json_scan *scan;
	const char *begin, *at, *end, *copied; /* the text before `copied` is in the rewritten text already */
	int depth;
	bool ordered, strict;
	struct pa_buffer keys; /* struct pa_json_name of all objects that are open; if ordered or strict */
};

/* Fails at `at`. Code and message are static. Returns -1. */
int pa_json_reader_fail(struct pa_json_reader *reader, const char *code, const char *message);

/* Fails with "bad_json" at `from`. Returns -1. */
int pa_json_reader_fail_from(struct pa_json_reader *reader, const char *from, const char *message);

/* Fails because what is at `at` is not what has to be there: a value (NULL), or what the message says. Returns -1. */
int pa_json_reader_fail_expecting(struct pa_json_reader *reader, const char *message);

/* Writes `text` in place of the bytes from `from` to `at`. */
int pa_json_reader_replace(struct pa_json_reader *reader, const char *from, const char *text, size_t length);

/* `at` is the opening quote; afterwards it is the byte after the closing one. */
int pa_json_reader_string(struct pa_json_reader *reader);

/* A string value, or a key that is kept in order: one that begins with the mark gets another one. */
int pa_json_reader_marked_string(struct pa_json_reader *reader);

/* `at` is the first byte of a number, afterwards the one after it. */
int pa_json_reader_number(struct pa_json_reader *reader);

/* Reads `word`: "true", "false" or "null". */
int pa_json_reader_word(struct pa_json_reader *reader, const char *word);

#endif
