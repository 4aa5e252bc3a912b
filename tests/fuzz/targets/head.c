/*
 * HT-09: whatever names and values a script gives, the head that is sent has the lines that were accepted and those of
 * the server, and ends once. The input: a byte for the status, one of flags, then lines "name:value", each ended by
 * NUL, so that a value may hold CR and LF.
 */
#include "server/head.h"

#include "base/error.h"
#include "fuzz/check.h"

enum { LINES_MAX = 64 };

/* A line of the head without its CR LF. */
static struct pa_span next_line(struct pa_span *head)
{
	const char *end = memmem(head->at, head->length, "\r\n", 2);
	CHECK(end, "a line of the head does not end");
	struct pa_span line = {head->at, (size_t)(end - head->at)};
	*head = (struct pa_span){end + 2, head->length - line.length - 2};
	for (size_t i = 0; i < line.length; i++)
		CHECK((unsigned char)line.at[i] >= 0x20 ? line.at[i] != 0x7f : line.at[i] == '\t', "byte %d", line.at[i]);
	return line;
}

static bool is_named(struct pa_span line, const char *name)
{
	size_t length = strlen(name);

	return line.length > length && line.at[length] == ':' && strncasecmp(line.at, name, length) == 0;
}

static void check_head(
	struct pa_span head, const struct pa_response *response, const struct pa_span *given, size_t count)
{
	static const char *const once[] = {"Date", "Connection"};
	size_t seen[2] = {0}, lengths = 0, number = 0;
	struct pa_span line = next_line(&head);
	char status[16];

	snprintf(status, sizeof status, "HTTP/1.1 %d ", response->status);
	CHECK(line.length > 13 && strncmp(line.at, status, 13) == 0, "the status line");
	for (;; number++) {
		line = next_line(&head);
		if (line.length == 0)
			break;
		CHECK(memchr(line.at, ':', line.length), "a line without a colon");
		/* The second line is the server's Date; then come those of the script, in their order. */
		if (number > 0 && number <= count)
			CHECK(pa_text_equal(line, given[number - 1]), "header %zu is not what was given", number);
		for (size_t i = 0; i < 2; i++)
			seen[i] += is_named(line, once[i]);
		lengths += is_named(line, "Content-Length");
	}
	CHECK(head.length == 0, "%zu bytes after the head", head.length);
	CHECK(number > count, "%zu lines for %zu headers", number, count);
	CHECK(seen[0] == 1 && seen[1] == 1, "Date or Connection is not there once");
	CHECK(lengths == (pa_head_is_bodiless(response->status) ? 0 : 1), "%zu Content-Length", lengths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 204, 301, 302, 304, 404, 418, 500, 599};
	struct pa_response response = {0};
	struct pa_buffer out = {0};
	struct pa_date date = {0};
	struct pa_error error;
	char *lines[LINES_MAX];
	struct pa_span given[LINES_MAX];
	size_t count = 0;

	if (size < 2)
		return 0;
	response.status = statuses[data[0] % (sizeof statuses / sizeof *statuses)];
	response.close = data[1] & 1;
	struct pa_span rest = {(const char *)data + 2, size - 2}, line, name;
	while (count < LINES_MAX && cut(&rest, '\0', &line)) {
		struct pa_span value = line;
		cut(&value, ':', &name);
		if (!value.at)
			value = (struct pa_span){"", 0};
		if (pa_response_header(&response, name, value, &error) < 0)
			continue;
		lines[count] = malloc(name.length + value.length + 2);
		CHECK(lines[count], "no memory");
		memcpy(lines[count], name.at, name.length);
		memcpy(lines[count] + name.length, ": ", 2);
		memcpy(lines[count] + name.length + 2, value.at, value.length);
		given[count] = (struct pa_span){lines[count], name.length + value.length + 2};
		count++;
	}
	CHECK(pa_response_body(&response, "body", 4) == 0, "no memory");
	CHECK(pa_head_write(&out, &date, "id-1", data[1] & 2, &response) == 0, "no memory");
	check_head((struct pa_span){out.at, out.length}, &response, given, count);
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	pa_buffer_free(&out);
	pa_response_free(&response);
	return 0;
}
