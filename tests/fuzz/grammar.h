/* A recognizer of JSON after RFC 8259, written apart from base/json_scan, to compare answers with. */
#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include "base/text.h"

/* What the text is: of several answers, the first of this list counts after GRAMMAR_WRONG. */
enum grammar_answer {
	GRAMMAR_FINE,
	GRAMMAR_WRONG,     /* not JSON, or not UTF-8 */
	GRAMMAR_DEEP,      /* JSON, nested deeper than 64 */
	GRAMMAR_NUMBER,    /* JSON, with a number that no double holds, or of 500 digits and more */
	GRAMMAR_SURROGATE, /* JSON, with a surrogate that stands alone in a string */
	GRAMMAR_TWICE,     /* JSON, with a name twice in one object */
};
enum grammar_answer grammar_read(struct pa_span text);

/* Whether the bytes are UTF-8 after table 3-7 of the Unicode standard. */
bool grammar_is_utf8(struct pa_span text);

#endif
