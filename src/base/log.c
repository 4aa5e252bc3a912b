/* Makes log lines. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mask.h"
#include "base/outlet.h"
#include "base/text.h"

enum {
	LINE_MAX_BYTES = PA_OUTLET_LINE_MAX,
	QUEUE_BYTES = 1 << 20, /* for lines that standard error does not take now */
	END_MS = 2000,
	SAID_MAX = 4096,
	FIELDS_MAX = 16,
};

static atomic_int level_now = PA_LOG_WARN;
static atomic_bool for_people = true;

void pa_log_open(enum pa_log_level level, bool people)
{
	atomic_store(&level_now, (int)level);
	atomic_store(&for_people, people);
}

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};

int pa_log_level_of(const char *name)
{
	for (int i = 0; i <= PA_LOG_OFF; i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return -1;
}

bool pa_log_wants(enum pa_log_level level)
{
	return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

/* Lines */

struct line {
	char bytes[LINE_MAX_BYTES];
	size_t length;
	bool people;
};

enum { TAIL = 4 }; /* bytes reserved for the end of a line: quote, brace, newline */

static void put(struct line *line, const char *bytes, size_t length)
{
	size_t room = LINE_MAX_BYTES - TAIL - line->length;

	if (length > room)
		length = room;
	memcpy(line->bytes + line->length, bytes, length);
	line->length += length;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* U+0080 to U+009F: some terminals read U+009B as the beginning of a command. */
static bool is_c1(const char *at, size_t width)
{
	return width == 2 && (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0;
}

/* Adds text with secrets masked, control bytes escaped and invalid UTF-8 replaced. Between pa_mask_begin and _end. */
static void put_escaped(struct line *line, const char *text, size_t length)
{
	for (size_t i = 0; i < length && line->length < LINE_MAX_BYTES - TAIL - 8;) {
		unsigned char byte = (unsigned char)text[i];
		size_t secret = pa_mask_at(text + i, length - i);
		char escape[8];
		if (secret > 0) {
			put_text(line, "***");
			i += secret;
			continue;
		}
		size_t width = pa_text_utf8_at((struct pa_span){text + i, length - i});
		if (width == 0) {
			put_text(line, "\xef\xbf\xbd");
			width = 1;
		} else if (byte == '\n' && line->people) {
			put_text(line, "\n    ");
		} else if (byte == '\t' && line->people) {
			put_text(line, "  ");
		} else if (byte < 0x20 || byte == 0x7f || is_c1(text + i, width)) {
			snprintf(escape, sizeof escape, "\\u%04x", width == 2 ? (unsigned char)text[i + 1] : byte);
			put_text(line, byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : escape);
		} else if ((byte == '"' || byte == '\\') && !line->people) {
			put(line, "\\", 1);
			put(line, text + i, 1);
		} else {
			put(line, text + i, width);
		}
		i += width;
	}
}

enum { PAIR_ROOM = 64 }; /* a pair is left out when the line has no room for its name and so many bytes of value */

/* The name is escaped too: a script may log a form, whose names a client chose. */
static void put_pair(struct line *line, const char *name, const char *text, size_t length, bool verbatim)
{
	if (line->length + strlen(name) * 6 + PAIR_ROOM > LINE_MAX_BYTES)
		return;
	put_text(line, line->people ? "  " : ",\"");
	put_escaped(line, name, strlen(name));
	put_text(line, line->people ? "=" : verbatim ? "\":" : "\":\"");
	put_escaped(line, text, length);
	if (!line->people && !verbatim)
		put(line, "\"", 1);
}

static void put_time(struct line *line)
{
	int64_t now_ms = pa_clock_wall_ns() / 1000000;
	time_t now = (time_t)(now_ms / 1000);
	struct tm calendar;
	char text[40];

	if (line->people) {
		localtime_r(&now, &calendar);
		strftime(text, sizeof text, "%H:%M:%S", &calendar);
		put_text(line, text);
		return;
	}
	gmtime_r(&now, &calendar);
	size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &calendar);
	snprintf(text + length, sizeof text - length, ".%03dZ", (int)(now_ms % 1000));
	put_text(line, "{\"time\":\"");
	put_text(line, text);
	put(line, "\"", 1);
}

static void put_start(struct line *line, enum pa_log_level level, const char *server, const char *request_id,
	const char *message, size_t message_length)
{
	put_time(line);
	if (line->people) {
		put_text(line, " ");
		put_text(line, level_names[level]);
		put_text(line, server ? " " : "");
		put_text(line, server ? server : "");
		put_text(line, ": ");
		put_escaped(line, message, message_length);
		return;
	}
	put_pair(line, "level", level_names[level], strlen(level_names[level]), false);
	if (server)
		put_pair(line, "server", server, strlen(server), false);
	if (request_id)
		put_pair(line, "request_id", request_id, strlen(request_id), false);
	put_pair(line, "message", message, message_length, false);
}

static void put_end(struct line *line)
{
	/* TAIL bytes are free for this */
	memcpy(line->bytes + line->length, line->people ? "\n" : "}\n", line->people ? 1 : 2);
	line->length += line->people ? 1 : 2;
}

/* Where lines go */

static struct pa_outlet *outlet; /* NULL before pa_log_begin */

/* The line about dropped ones, for the outlet. */
static size_t note(unsigned long dropped, char *out, size_t size)
{
	static const char message[] = "log lines were dropped: standard error took no more of them";
	struct line line = {.people = atomic_load_explicit(&for_people, memory_order_relaxed)};
	char count[24];

	int digits = snprintf(count, sizeof count, "%lu", dropped);
	pa_mask_begin();
	put_start(&line, PA_LOG_WARN, NULL, NULL, message, sizeof message - 1);
	put_pair(&line, "count", count, (size_t)digits, true);
	pa_mask_end();
	put_end(&line);
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

static void write_out(const struct line *line)
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
	struct line line;

	if (!pa_log_wants(level) || level >= PA_LOG_OFF)
		return;
	line.length = 0;
	line.people = atomic_load_explicit(&for_people, memory_order_relaxed);
	pa_mask_begin();
	put_start(&line, level, server, request_id, message, message_length);
	for (size_t i = 0; i < count; i++)
		put_pair(&line, fields[i].name, fields[i].text, fields[i].length, fields[i].verbatim);
	pa_mask_end();
	put_end(&line);
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
