/* Marks and encodings of text files (TO-04). Pure functions over bytes, any thread, never raise. */
#ifndef PA_ENCODING_H
#define PA_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/*
 * Takes the byte order mark of UTF-8 off a text, and of a script ("x.lua") a first line that begins with '#', which is
 * for the shell: it becomes spaces, so that all lines keep their numbers. Other files are left as they are. The new
 * length.
 */
size_t pa_encoding_clean(const char *name, char *bytes, size_t length);

/* Whether a text is UTF-16, with a mark or without. */
bool pa_encoding_is_utf16(struct pa_span text);

/* The end of a message about such a file. */
#define PA_ENCODING_UTF16 "the file is UTF-16: save it as UTF-8"

#endif
