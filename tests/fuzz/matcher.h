/* Lua's pattern matching once more (lstrlib.c of Lua 5.4), with a count of its steps, which Lua itself does not tell.
 */
#ifndef FUZZ_MATCHER_H
#define FUZZ_MATCHER_H

#include "base/text.h"

enum matcher_outcome { MATCHER_DONE, MATCHER_RAISED, MATCHER_GAVE_UP }; /* raised: malformed, or too complex for Lua */

struct matcher {
	struct pa_span subject, pattern;
	double steps_max; /* give up after so many */
	/* the answer */
	double steps;   /* single-character tests, calls, and each 16 bytes that a back reference compares */
	size_t matches; /* found; the first one's place: */
	size_t start, end;
	enum matcher_outcome outcome;
};

/* Subject and pattern must end with a NUL byte after their length, as strings of Lua do. */
enum matcher_call {
	MATCHER_FIND,   /* string.find, and match: the first match */
	MATCHER_GMATCH, /* all matches; '^' is a character there */
	MATCHER_GSUB,   /* all matches */
};
void matcher_run(struct matcher *matcher, enum matcher_call call);

#endif
