/* What checking a JSON text gives: an error, or what lua-cjson is to decode, with marks for what it does not keep. */
#ifndef PA_JSON_RESULT_H
#define PA_JSON_RESULT_H

#include <stdbool.h>

#include "base/buffer.h"

/* The first byte of a string value that means something else. After it: 'N' and the literal of a number; 'A' for an
 * empty array; the mark again and the rest of a string whose own first byte is the mark. */
#define PA_JSON_MARK '\x7f'

/* The key of the member that holds the list of an object's other keys. A key that begins with the mark gets another one
 * in front, in the object and in the list. A key that the object has twice is in the list twice. */
#define PA_JSON_KEYS "\x7f"

struct pa_json_scan {
	const char *code;    /* NULL without an error; "bad_json", "too_deep", "memory" */
	const char *message; /* static */
	size_t at;           /* offset of the error */
	bool rewritten;      /* `text` differs from the input: decode it instead */
	struct pa_buffer text;
	/* A uint32_t for each array and object that cjson will make, in the order in which it makes them: twice the number
	 * of values or members, and 1 more for an array. */
	struct pa_buffer sizes;
};

#endif
