/*
 * Writes log lines on standard error: one JSON object each, with UTC time, level, server, request id, message and
 * fields; at a terminal text for a person (base/record). All lines of the process go through here, with secrets masked
 * (base/mask). Any thread, never raises.
 */
#ifndef PA_LOG_H
#define PA_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/record.h"

/* From now on no line waits for the reader of standard error: what it does not take at once waits in a queue of 1 MiB,
 * and is dropped beyond that (base/outlet). Call once, before other threads log; without it writes may block. 0, or -1
 * without memory or threads. */
int pa_log_begin(void);

/* Waits until the queue is written, at most two seconds: call before the process ends. */
void pa_log_end(void);

/* How many lines were dropped so far. */
unsigned long pa_log_dropped(void);

/* Sets what is written, and how: lines below `level` are dropped. Lines about single requests have level debug. */
void pa_log_open(enum pa_log_level level, enum pa_line_form form);

/* From now on lines about single requests have level info: in development, for a person at a terminal. */
void pa_log_show_requests(void);

/* The level of that name ("debug" … "error", "off"), or -1. */
int pa_log_level_of(const char *name);

/* Whether lines of that level are written. */
bool pa_log_wants(enum pa_log_level level);

/* Whether lines about single requests, and about calls out, are written; and whether what a request did is written
 * below its line, so that it has to be collected (base/trail). */
bool pa_log_wants_requests(void);
bool pa_log_follows(void);

/* Writes one line. The fields are pairs of name and string, ended by NULL; pa_log_fields also takes
 * numbers. `server` and `request_id` may be NULL. Control bytes are escaped, invalid UTF-8 is replaced, and a line is
 * cut at 8 KiB. */
void pa_log(enum pa_log_level level, const char *server, const char *request_id, const char *message, ...)
	__attribute__((sentinel));

/* Writes a message of a command to standard error as it is, with "partnerapp: " before it, a newline after it, and
 * secrets masked. It is cut at 4 KiB. For the time when no server runs: it may block. */
void pa_log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes one line whose fields are in an array. */
void pa_log_fields(enum pa_log_level level, const char *server, const char *request_id, const char *message,
	size_t message_length, const struct pa_log_field *fields, size_t count);

/* Writes the line of a request, when such lines are wanted. */
void pa_log_answered(const struct pa_log_request *request);

/* Tells of a call out, when pa_log_wants_requests: below the line of the request with that trail, else at once. */
struct pa_trail_call;
void pa_log_called(
	const char *server, const char *request_id, struct pa_trail *trail, const struct pa_trail_call *call);

#endif
