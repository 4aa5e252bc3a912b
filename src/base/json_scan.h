/*
 * Checks a JSON text (RFC 8259, UTF-8) before lua-cjson decodes it, and rewrites what cjson does not keep: numbers it
 * would round and empty arrays become strings that begin with PA_JSON_MARK, half of a surrogate pair becomes U+FFFD
 * (JavaScript writes one where a text was cut), a byte order mark in front is left out, and an object gets a list of
 * its keys in their order when that is wanted. Pure: any thread, never raises.
 */
#ifndef PA_JSON_SCAN_H
#define PA_JSON_SCAN_H

#include <stdbool.h>

#include "base/buffer.h"

/* The first byte of a string value that means something else. After it: 'N' and the literal of a number; 'A' for an
 * empty array; the mark again and the rest of a string whose own first byte is the mark. */
#define PA_JSON_MARK '\x7f'

enum { PA_JSON_DEPTH_MAX = 64 };

/* Flags of pa_json_scan. */
enum {
	PA_JSON_ORDERED = 1, /* each object gets its PA_JSON_KEYS */
	PA_JSON_STRICT =
		2, /* refuses halves of surrogate pairs, integers beyond 64 bits, equal keys and byte order marks */
};

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

/* Checks `length` bytes of text and fills in *scan. 0, or -1 with code and message. The caller calls
 * pa_json_scan_free in both cases. */
int pa_json_scan(struct pa_json_scan *scan, const char *text, size_t length, unsigned flags);

/* Frees the buffers. Again, or for zeroed bytes, it does nothing. */
void pa_json_scan_free(struct pa_json_scan *scan);

#endif
