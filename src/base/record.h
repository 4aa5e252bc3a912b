/*
 * What a log line says, written as JSON or for a person at a terminal. For a person the order is always the same: time,
 * level, server, route, message, error, other fields, the request's id; below it the other lines of message and error,
 * and the frames of a traceback. Never raises.
 */
#ifndef PA_RECORD_H
#define PA_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line.h"
#include "base/text.h"

struct pa_trail;

enum pa_log_level { PA_LOG_DEBUG, PA_LOG_INFO, PA_LOG_WARN, PA_LOG_ERROR, PA_LOG_OFF };

/* Their names, by level. */
extern const char *const pa_record_levels[];

struct pa_log_field {
	const char *name;
	const char *text;
	size_t length;
	bool verbatim; /* a JSON number or literal: written without quotes */
};

struct pa_record {
	enum pa_log_level level;
	const char *server, *request_id; /* or NULL */
	struct pa_span message;
	const struct pa_log_field *fields;
	size_t count;
};

/* A field whose value is a number: written into `text`, which has room for PA_RECORD_NUMBER_MAX bytes and is used as
 * long as the field. */
enum { PA_RECORD_NUMBER_MAX = 32 };
struct pa_log_field pa_record_number(const char *name, char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Makes the line of a record, with its line break. */
void pa_record_write(const struct pa_record *record, enum pa_line_form form, struct pa_line *line);

/* A request that was answered. */
struct pa_log_request {
	const char *server, *id;
	struct pa_span method, path;
	int status;
	int64_t took_ns;
	bool quiet;                   /* a probe, or a page that asks again and again: always of level debug */
	const struct pa_trail *trail; /* NULL when nothing is to be written below */
};

/* Makes the line of a request. */
void pa_record_write_request(const struct pa_log_request *request, enum pa_line_form form, struct pa_line *line);

#endif
