/*
 * SS-08: header lines of calls out hold no line break, no framing header, and exactly what was accepted. The input:
 * lines "name:value" ended by NUL; a name "basic" or "bearer" adds an Authorization of value (user and password around
 * '|').
 */
#include "client/header_lines.h"

#include <curl/curl.h>

#include "base/base64.h"
#include "fuzz/check.h"

static const char *const framing[] = {"Connection", "Content-Length", "Host", "Keep-Alive", "Transfer-Encoding",
	"Upgrade", "TE", "Trailer", "Proxy-Authorization"};

static int add(struct pa_header_lines *lines, struct pa_span name, struct pa_span value)
{
	struct pa_error error;
	struct pa_span user;

	if (pa_text_is(name, "bearer"))
		return pa_header_lines_add_bearer(lines, value, &error);
	if (!pa_text_is(name, "basic"))
		return pa_header_lines_add(lines, name, value, &error);
	cut(&value, '|', &user);
	return pa_header_lines_add_basic(lines, user, value.at ? value : (struct pa_span){"", 0}, &error);
}

/* A line in curl's form: "Name: value", or "Name;" for an empty value. */
static void check_line(const char *line, size_t *authorizations, size_t *agents)
{
	size_t name = strcspn(line, ":;");

	CHECK(pa_text_is_token((struct pa_span){line, name}), "name in %s", line);
	CHECK(line[name] == ';' ? line[name + 1] == '\0' : strncmp(line + name, ": ", 2) == 0 && line[name + 2],
		"%s is not in curl's form", line);
	for (const char *at = line; *at; at++)
		CHECK((unsigned char)*at >= 0x20 ? *at != 0x7f : *at == '\t', "byte %d", *at);
	for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
		CHECK(!pa_text_is((struct pa_span){line, name}, framing[i]), "%s", line);
	*authorizations += pa_text_is((struct pa_span){line, name}, "Authorization");
	*agents += pa_text_is((struct pa_span){line, name}, "User-Agent");
}

/* A Basic line decodes to what was given. */
static void check_basic(const char *line, struct pa_span value)
{
	unsigned char decoded[2 * PA_HEADER_LINES_BASIC_MAX];
	static const char start[] = "Authorization: Basic ";
	struct pa_span user;

	CHECK(strncmp(line, start, sizeof start - 1) == 0, "%s", line);
	long length = pa_base64_decode(line + sizeof start - 1, strlen(line) - sizeof start + 1, false, decoded);
	cut(&value, '|', &user);
	CHECK(length == (long)(user.length + 1 + value.length), "%ld bytes for %zu and %zu", length, user.length,
		value.length);
	CHECK(memcmp(decoded, user.at, user.length) == 0 && decoded[user.length] == ':' &&
			  (value.length == 0 || memcmp(decoded + user.length + 1, value.at, value.length) == 0),
		"the credentials are changed");
}

static const char *last_line(struct pa_header_lines *lines)
{
	const struct curl_slist *list = pa_header_lines_list(lines, (struct pa_span){NULL, 0});

	while (list && list->next)
		list = list->next;
	return list ? list->data : "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pa_header_lines *lines;
	struct pa_span rest = {(const char *)data, size}, value, name;
	size_t count = 0, seen = 0, authorizations = 0, given = 0, agents = 0;

	if (!lines)
		lines = pa_header_lines_new();
	CHECK(lines, "no memory");
	pa_header_lines_reset(lines);
	while (cut(&rest, '\0', &value)) {
		cut(&value, ':', &name);
		if (!value.at)
			value = (struct pa_span){"", 0};
		if (add(lines, name, value) < 0)
			continue;
		count++;
		given += pa_text_is(name, "User-Agent");
		if (pa_text_is(name, "basic"))
			check_basic(last_line(lines), value);
	}
	CHECK(count <= PA_HEADER_LINES_MAX, "%zu lines", count);
	for (const struct curl_slist *at = pa_header_lines_list(lines, (struct pa_span){NULL, 0}); at;
		 at = at->next, seen++)
		check_line(at->data, &authorizations, &agents);
	CHECK(agents == (given > 0 ? given : 1), "%zu User-Agent, %zu given", agents, given);
	CHECK(seen == count + (given == 0), "%zu lines are sent of %zu", seen, count);
	CHECK(authorizations <= 1, "%zu Authorization", authorizations);
	return 0;
}
