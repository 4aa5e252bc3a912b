/*
 * Checks a JSON text (RFC 8259, UTF-8) before lua-cjson decodes it, and rewrites what cjson does not keep: numbers it
 * would round and empty arrays become strings that begin with PA_JSON_MARK, half of a surrogate pair becomes U+FFFD
 * (JavaScript writes one where a text was cut), a byte order mark in front is left out, and an object gets a list of
 * its keys in their order when that is wanted. Pure: any thread, never raises.
 */
#ifndef PA_JSON_SCAN_H
#define PA_JSON_SCAN_H

#include <stddef.h>

#include "base/json_result.h"

enum { PA_JSON_DEPTH_MAX = 64 };

/* Flags of pa_json_scan. */
enum {
	PA_JSON_ORDERED = 1, /* each object gets its PA_JSON_KEYS */
	PA_JSON_STRICT =
		2, /* refuses halves of surrogate pairs, integers beyond 64 bits, equal keys and byte order marks */
};

/* Checks `length` bytes of text and fills in *scan. 0, or -1 with code and message. The caller calls
 * pa_json_scan_free in both cases. */
int pa_json_scan(struct pa_json_scan *scan, const char *text, size_t length, unsigned flags);

/* Frees the buffers. Again, or for zeroed bytes, it does nothing. */
void pa_json_scan_free(struct pa_json_scan *scan);

#endif
