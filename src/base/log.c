/* Makes log lines. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mask.h"
#include "base/outlet.h"
#include "base/trail.h"

enum {
	QUEUE_BYTES = 1 << 20, /* for lines that standard error does not take now */
	END_MS = 2000,
	SAID_MAX = 4096,
	FIELDS_MAX = 16,
};

static atomic_int level_now = PA_LOG_WARN;
static atomic_int requests_level = PA_LOG_DEBUG;
static atomic_int form_now = PA_LINE_TEXT;

void pa_log_open(enum pa_log_level level, enum pa_line_form form)
{
	atomic_store(&level_now, (int)level);
	atomic_store(&requests_level, PA_LOG_DEBUG);
	atomic_store(&form_now, (int)form);
}

void pa_log_show_requests(void)
{
	atomic_store(&requests_level, PA_LOG_INFO);
}

static enum pa_line_form form(void)
{
	return (enum pa_line_form)atomic_load_explicit(&form_now, memory_order_relaxed);
}

int pa_log_level_of(const char *name)
{
	for (int i = 0; i <= PA_LOG_OFF; i++)
		if (strcmp(pa_record_levels[i], name) == 0)
			return i;
	return -1;
}

bool pa_log_wants(enum pa_log_level level)
{
	return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

bool pa_log_wants_requests(void)
{
	return pa_log_wants((enum pa_log_level)atomic_load_explicit(&requests_level, memory_order_relaxed));
}

bool pa_log_follows(void)
{
	return pa_log_wants_requests() && form() != PA_LINE_JSON;
}

/* Where lines go */

static struct pa_outlet *outlet; /* NULL before pa_log_begin */

/* The line about dropped ones, for the outlet. */
static size_t note(unsigned long dropped, char *out, size_t size)
{
	char text[PA_RECORD_NUMBER_MAX];
	const struct pa_log_field count = pa_record_number("count", text, "%lu", dropped);
	const struct pa_record record = {.level = PA_LOG_WARN,
		.message = pa_text_span("log lines were dropped: standard error took no more of them"),
		.fields = &count,
		.count = 1};
	struct pa_line line;

	pa_record_write(&record, form(), &line);
	size_t length = line.length < size ? line.length : size;
	memcpy(out, line.bytes, length);
	return length;
}

int pa_log_begin(void)
{
	outlet = pa_outlet_open(STDERR_FILENO, QUEUE_BYTES, note);
	return outlet ? 0 : -1;
}

void pa_log_end(void)
{
	if (outlet)
		pa_outlet_flush(outlet, END_MS);
}

unsigned long pa_log_dropped(void)
{
	return outlet ? pa_outlet_dropped(outlet) : 0;
}

static void write_out(const struct pa_line *line)
{
	size_t done = 0;

	if (outlet) {
		pa_outlet_write(outlet, line->bytes, line->length);
		return;
	}
	while (done < line->length) {
		ssize_t wrote = write(STDERR_FILENO, line->bytes + done, line->length - done);
		if (wrote < 0 && errno != EINTR)
			return;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
}

void pa_log_fields(enum pa_log_level level, const char *server, const char *request_id, const char *message,
	size_t message_length, const struct pa_log_field *fields, size_t count)
{
	const struct pa_record record = {level, server, request_id, {message, message_length}, fields, count};
	struct pa_line line;

	if (!pa_log_wants(level) || level >= PA_LOG_OFF)
		return;
	pa_record_write(&record, form(), &line);
	write_out(&line);
}

void pa_log(enum pa_log_level level, const char *server, const char *request_id, const char *message, ...)
{
	struct pa_log_field fields[FIELDS_MAX];
	va_list arguments;
	size_t count = 0;

	if (!pa_log_wants(level))
		return;
	va_start(arguments, message);
	for (const char *name; count < FIELDS_MAX && (name = va_arg(arguments, const char *)); count++) {
		const char *text = va_arg(arguments, const char *);
		fields[count] = (struct pa_log_field){name, text ? text : "", text ? strlen(text) : 0, false};
	}
	va_end(arguments);
	pa_log_fields(level, server, request_id, message, strlen(message), fields, count);
}

/* Lines about single requests */

void pa_log_answered(const struct pa_log_request *request)
{
	struct pa_line line;

	if (!(request->quiet ? pa_log_wants(PA_LOG_DEBUG) : pa_log_wants_requests()))
		return;
	pa_record_write_request(request, form(), &line);
	write_out(&line);
}

void pa_log_called(const char *server, const char *request_id, struct pa_trail *trail, const struct pa_trail_call *call)
{
	char status[PA_RECORD_NUMBER_MAX], ms[PA_RECORD_NUMBER_MAX], text[PA_TRAIL_LINE] = "-> ";
	enum pa_log_level level = (enum pa_log_level)atomic_load(&requests_level);
	struct pa_span address = pa_trail_address(call->url);

	if (trail) {
		pa_trail_add(trail, call);
		return;
	}
	if (form() != PA_LINE_JSON) {
		size_t length = pa_trail_write(call, text + 3, sizeof text - 3);
		pa_log_fields(level, server, request_id, text, length + 3, NULL, 0);
		return;
	}
	const char *problem = call->problem ? call->problem : "failed";
	const struct pa_log_field fields[] = {{"method", call->method.at, call->method.length, false},
		{"url", address.at, address.length, false}, pa_record_number("ms", ms, "%.2f", (double)call->took_ns / 1e6),
		call->status ? pa_record_number("status", status, "%d", call->status)
					 : (struct pa_log_field){"code", problem, strlen(problem), false}};
	pa_log_fields(level, server, request_id, "called", strlen("called"), fields, sizeof fields / sizeof *fields);
}

void pa_log_say(const char *format, ...)
{
	char text[SAID_MAX], masked[SAID_MAX];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	size_t kept = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
	fprintf(stderr, "partnerapp: %.*s\n", (int)pa_mask_apply(text, kept, masked), masked);
}
