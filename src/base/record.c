/* Writes records. */
#include "base/record.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mask.h"
#include "base/terminal.h"
#include "base/trail.h"

const char *const pa_record_levels[] = {"debug", "info", "warn", "error", "off"};

struct pa_log_field pa_record_number(const char *name, char *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, PA_RECORD_NUMBER_MAX, format, arguments);
	va_end(arguments);
	size_t written = length < 0 ? 0 : (size_t)length;
	return (struct pa_log_field){name, text, written < PA_RECORD_NUMBER_MAX ? written : PA_RECORD_NUMBER_MAX - 1, true};
}

/* Lines of JSON */

enum { PAIR_ROOM = 64 }; /* a pair is left out when the line has no room for its name and so many bytes of value */

static bool has_room(const struct pa_line *line, const char *name)
{
	return line->length + strlen(name) * 6 + PAIR_ROOM <= PA_LINE_MAX;
}

/* The name is escaped too: a script may log a form, whose names a client chose. */
static void put_pair(struct pa_line *line, const char *name, const char *text, size_t length, bool verbatim)
{
	if (!has_room(line, name))
		return;
	pa_line_put_text(line, ",\"");
	pa_line_put_escaped(line, name, strlen(name));
	pa_line_put_text(line, verbatim ? "\":" : "\":\"");
	pa_line_put_escaped(line, text, length);
	if (!verbatim)
		pa_line_put(line, "\"", 1);
}

static void put_time(struct pa_line *line)
{
	int64_t now_ms = pa_clock_wall_ns() / 1000000;
	time_t now = (time_t)(now_ms / 1000);
	struct tm calendar;
	char text[40];

	if (line->form != PA_LINE_JSON) {
		localtime_r(&now, &calendar);
		size_t length = strftime(text, sizeof text, "%H:%M:%S", &calendar);
		pa_terminal_put(line, PA_TERMINAL_DIM, text, length);
		return;
	}
	gmtime_r(&now, &calendar);
	size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &calendar);
	snprintf(text + length, sizeof text - length, ".%03dZ", (int)(now_ms % 1000));
	pa_line_put_text(line, "{\"time\":\"");
	pa_line_put_text(line, text);
	pa_line_put(line, "\"", 1);
}

static void put_json(struct pa_line *line, const struct pa_record *record)
{
	const char *level = pa_record_levels[record->level];

	put_time(line);
	put_pair(line, "level", level, strlen(level), false);
	if (record->server)
		put_pair(line, "server", record->server, strlen(record->server), false);
	if (record->request_id)
		put_pair(line, "request_id", record->request_id, strlen(record->request_id), false);
	put_pair(line, "message", record->message.at, record->message.length, false);
	for (size_t i = 0; i < record->count; i++) {
		const struct pa_log_field *field = &record->fields[i];
		put_pair(line, field->name, field->text, field->length, field->verbatim);
	}
}

/* Lines for a person. Their order is always the same: time, level, server, route, message, error, other fields, the
 * request's id; below it the other lines of message and error, and the app's frames. */

static const struct pa_log_field *find_field(const struct pa_record *record, const char *name)
{
	for (size_t i = 0; i < record->count; i++)
		if (strcmp(record->fields[i].name, name) == 0)
			return &record->fields[i];
	return NULL;
}

static void put_level(struct pa_line *line, enum pa_log_level level)
{
	static const enum pa_terminal_color colors[] = {
		PA_TERMINAL_DIM, PA_TERMINAL_CYAN, PA_TERMINAL_YELLOW, PA_TERMINAL_RED};

	pa_terminal_put(line, colors[level], pa_record_levels[level], strlen(pa_record_levels[level]));
}

static void put_server(struct pa_line *line, const char *server)
{
	if (!server)
		return;
	pa_line_put(line, " ", 1);
	pa_line_put_text(line, server);
}

static void put_id(struct pa_line *line, const char *id)
{
	if (!id || !*id)
		return;
	pa_line_put_text(line, "  ");
	pa_terminal_put(line, PA_TERMINAL_DIM, id, strlen(id));
}

static void put_named(struct pa_line *line, const struct pa_log_field *field)
{
	if (!has_room(line, field->name))
		return;
	pa_line_put_text(line, "  ");
	pa_line_put_escaped(line, field->name, strlen(field->name));
	pa_line_put(line, "=", 1);
	pa_line_put_escaped(line, field->text, field->length);
}

/* The part of a text that put_head does not write. */
static void put_rest(struct pa_line *line, struct pa_span text)
{
	size_t first = text.at ? pa_terminal_first_line(text.at, text.length) : 0;

	if (first < text.length)
		pa_line_put_escaped(line, text.at + first, text.length - first);
}

static void put_person(struct pa_line *line, const struct pa_record *record)
{
	const struct pa_log_field *route = find_field(record, "route"), *error = find_field(record, "error"),
							  *traceback = find_field(record, "traceback");
	struct pa_span problem = error ? (struct pa_span){error->text, error->length} : (struct pa_span){0};

	put_time(line);
	pa_line_put(line, " ", 1);
	put_level(line, record->level);
	put_server(line, record->server);
	pa_line_put_text(line, ": ");
	if (route) {
		pa_line_put_escaped(line, route->text, route->length);
		pa_line_put_text(line, ": ");
	}
	pa_line_put_escaped(line, record->message.at, pa_terminal_first_line(record->message.at, record->message.length));
	if (error) {
		pa_line_put_text(line, ": ");
		pa_line_put_escaped(line, problem.at, pa_terminal_first_line(problem.at, problem.length));
	}
	for (size_t i = 0; i < record->count; i++) {
		const struct pa_log_field *field = &record->fields[i];
		if (field != route && field != error && field != traceback)
			put_named(line, field);
	}
	put_id(line, record->request_id);
	put_rest(line, record->message);
	put_rest(line, problem);
	if (traceback)
		pa_terminal_put_frames(line, traceback->text, traceback->length);
}

static void put_end(struct pa_line *line)
{
	bool is_cut = line->length > PA_LINE_MAX - PA_LINE_TAIL - 16; /* perhaps inside of a color */
	const char *end = line->form == PA_LINE_JSON ? "}\n" : line->form == PA_LINE_COLOR && is_cut ? "\x1b[0m\n" : "\n";
	size_t length = strlen(end);

	memcpy(line->bytes + line->length, end, length); /* PA_LINE_TAIL bytes are free for this */
	line->length += length;
}

static void begin(struct pa_line *line, enum pa_line_form form)
{
	line->length = 0;
	line->form = form;
	pa_mask_begin();
}

static void end(struct pa_line *line)
{
	pa_mask_end();
	put_end(line);
}

void pa_record_write(const struct pa_record *record, enum pa_line_form form, struct pa_line *line)
{
	begin(line, form);
	if (form == PA_LINE_JSON)
		put_json(line, record);
	else
		put_person(line, record);
	end(line);
}

/* Requests */

static void put_trail(struct pa_line *line, const struct pa_trail *trail)
{
	char more[48];

	if (trail->length > 0)
		pa_line_put_escaped(line, trail->below, trail->length);
	if (trail->calls <= PA_TRAIL_CALLS)
		return;
	int length = snprintf(more, sizeof more, "\n(%u more calls)", trail->calls - PA_TRAIL_CALLS);
	pa_line_put_escaped(line, more, (size_t)length);
}

static void put_request(struct pa_line *line, const struct pa_log_request *request, const char *status, const char *ms)
{
	const struct pa_trail *trail = request->trail;

	put_time(line);
	put_server(line, request->server);
	pa_line_put_text(line, ": ");
	pa_line_put_escaped(line, request->method.at, request->method.length);
	pa_line_put(line, " ", 1);
	pa_line_put_escaped(line, request->path.at, request->path.length);
	pa_line_put(line, " ", 1);
	pa_terminal_put(line, pa_terminal_status(request->status), status, strlen(status));
	pa_line_put(line, " ", 1);
	pa_line_put_text(line, ms);
	pa_line_put_text(line, " ms");
	if (trail && trail->refusal[0]) {
		pa_line_put_text(line, "  ");
		pa_terminal_put(line, PA_TERMINAL_YELLOW, trail->refusal, strlen(trail->refusal));
	}
	put_id(line, request->id);
	if (trail)
		put_trail(line, trail);
}

void pa_record_write_request(const struct pa_log_request *request, enum pa_line_form form, struct pa_line *line)
{
	char status[PA_RECORD_NUMBER_MAX], ms[PA_RECORD_NUMBER_MAX];
	const struct pa_log_field fields[] = {{"method", request->method.at, request->method.length, false},
		{"path", request->path.at, request->path.length, false},
		pa_record_number("status", status, "%d", request->status),
		pa_record_number("ms", ms, form == PA_LINE_JSON ? "%.2f" : "%.1f", (double)request->took_ns / 1e6)};
	const struct pa_record record = {
		PA_LOG_DEBUG, request->server, request->id, pa_text_span("answered"), fields, sizeof fields / sizeof *fields};

	begin(line, form);
	if (form == PA_LINE_JSON)
		put_json(line, &record);
	else
		put_request(line, request, status, ms);
	end(line);
}
