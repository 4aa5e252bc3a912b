/*
 * Log lines: one JSON object a line on standard error, UTC time, level, server, request id, message and fields. The one
 * place all lines pass, so the one place that masks secrets. Process-wide; any thread.
 */
#ifndef PA_LOG_H
#define PA_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum pa_log_level { PA_LOG_DEBUG, PA_LOG_INFO, PA_LOG_WARN, PA_LOG_ERROR, PA_LOG_OFF };

/* Lines below `level` are dropped. `people` writes short coloured-less text lines for a terminal instead of JSON. */
void pa_log_open(enum pa_log_level level, bool people);

/* The level of that name ("debug" … "error", "off"), or -1. */
int pa_log_level_of(const char *name);
bool pa_log_wants(enum pa_log_level level);

/* From now on the value appears as *** in every line, also inside other text and percent-encoded. Shorter than 6 bytes
 * is ignored. Bounded: beyond 4096 the oldest are forgotten, but for the first 256. */
void pa_log_mask(const char *secret, size_t length);

/* Writes a copy of `text` with every registered secret replaced by *** into `out`, which has room for `length` bytes: a
 * mask is never longer than its secret. The length. */
size_t pa_log_masked(const char *text, size_t length, char *out);

/* Fields are pairs of name and NUL-terminated text, ended by NULL. `server` and `request_id` may be NULL. Control bytes
 * are escaped, invalid UTF-8 replaced, a line is cut at 8 KiB. */
void pa_log(enum pa_log_level level, const char *server, const char *request_id, const char *message, ...)
	__attribute__((sentinel));

/* The same for fields that are counted in arrays (scripts). */
struct pa_log_field {
	const char *name;
	const char *text;
	size_t length;
	bool verbatim; /* a JSON number or literal: written without quotes */
};
void pa_log_fields(enum pa_log_level level, const char *server, const char *request_id, const char *message,
	size_t message_length, const struct pa_log_field *fields, size_t count);

#endif
