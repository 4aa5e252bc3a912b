/*
 * Reads a JSON text by the letter (RFC 8259, UTF-8) before lua-cjson does, and rewrites what cjson would get wrong: a
 * number that it would not keep exactly and an empty array become strings that begin with PA_JSON_MARK. Pure functions.
 */
#ifndef PA_JSON_SCAN_H
#define PA_JSON_SCAN_H

#include <stdbool.h>

#include "base/buffer.h"

/* A string value that begins with it is not what it seems: behind it stands 'N' and a number's literal, 'A' for an
 * empty array, or the mark itself once more for a string that really begins so. */
#define PA_JSON_MARK '\x7f'

enum { PA_JSON_DEPTH_MAX = 64 };

struct pa_json_scan {
	const char *code;    /* NULL when fine; "bad_json", "too_deep" */
	const char *message; /* static */
	size_t at;           /* where it failed */
	size_t members;      /* of all objects together */
	bool rewritten;      /* the rewritten text differs: use it */
	struct pa_buffer text;
};

/* Frees nothing and raises nothing; scan->text is the caller's to free. 0, or -1 with code and message. */
int pa_json_scan(struct pa_json_scan *scan, const char *text, size_t length);

#endif
