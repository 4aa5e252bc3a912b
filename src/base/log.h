/*
 * Writes log lines on standard error: one JSON object each, with UTC time, level, server, request id, message and
 * fields. All lines of the process go through here, with secrets masked (base/mask). Any thread, never raises.
 */
#ifndef PA_LOG_H
#define PA_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum pa_log_level { PA_LOG_DEBUG, PA_LOG_INFO, PA_LOG_WARN, PA_LOG_ERROR, PA_LOG_OFF };

/* From now on no line waits for the reader of standard error: what it does not take at once waits in a queue of 1 MiB,
 * and is dropped beyond that (base/outlet). Call once, before other threads log; without it writes may block. 0, or -1
 * without memory or threads. */
int pa_log_begin(void);

/* Waits until the queue is written, at most two seconds: call before the process ends. */
void pa_log_end(void);

/* How many lines were dropped so far. */
unsigned long pa_log_dropped(void);

/* Sets what is written: lines below `level` are dropped; with `people` lines are short text for a terminal, not JSON.
 */
void pa_log_open(enum pa_log_level level, bool people);

/* The level of that name ("debug" … "error", "off"), or -1. */
int pa_log_level_of(const char *name);

/* Whether lines of that level are written. */
bool pa_log_wants(enum pa_log_level level);

/* Writes one line. The fields are pairs of name and string, ended by NULL. `server` and `request_id` may be NULL.
 * Control bytes are escaped, invalid UTF-8 is replaced, and a line is cut at 8 KiB. */
void pa_log(enum pa_log_level level, const char *server, const char *request_id, const char *message, ...)
	__attribute__((sentinel));

/* Writes a message of a command to standard error as it is, with "partnerapp: " before it, a newline after it, and
 * secrets masked. It is cut at 4 KiB. For the time when no server runs: it may block. */
void pa_log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes one line whose fields are in an array. */
struct pa_log_field {
	const char *name;
	const char *text;
	size_t length;
	bool verbatim; /* a JSON number or literal: written without quotes */
};
void pa_log_fields(enum pa_log_level level, const char *server, const char *request_id, const char *message,
	size_t message_length, const struct pa_log_field *fields, size_t count);

#endif
