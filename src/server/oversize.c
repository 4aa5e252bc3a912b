/* Finds the largest cookies of a request, and words for them. */
#include "server/oversize.h"

#include <stdio.h>
#include <string.h>

#include "server/gate.h"

enum { SHOWN = 3, NAME_SHOWN = 48, AMOUNT_SIZE = 32 };

struct part {
	struct pa_span name;
	size_t bytes; /* with its value */
};

void pa_oversize_amount(size_t bytes, char *text, size_t size)
{
	static const char *const units[] = {"KiB", "MiB"};
	int unit = bytes >= 1 << 20;

	if (bytes < 1 << 10) {
		snprintf(text, size, "%zu bytes", bytes);
		return;
	}
	size_t one = (size_t)1 << (unit ? 20 : 10);
	snprintf(text, size, bytes % one ? "%.1f %s" : "%.0f %s", (double)bytes / (double)one, units[unit]);
}

/* Keeps the largest ones, the largest first. */
static void keep(struct part largest[SHOWN], struct part part)
{
	for (size_t i = 0; i < SHOWN; i++)
		if (part.bytes > largest[i].bytes) {
			struct part smaller = largest[i];
			largest[i] = part;
			part = smaller;
		}
}

/* What has no '=' is a value without a name. */
static void find_cookies(struct pa_span header, struct part largest[SHOWN])
{
	const char *end = header.at + header.length;

	for (const char *at = header.at; at < end;) {
		const char *stop = memchr(at, ';', (size_t)(end - at));
		struct pa_span cookie = pa_text_trim((struct pa_span){at, (size_t)((stop ? stop : end) - at)});
		const char *equals = cookie.length > 0 ? memchr(cookie.at, '=', cookie.length) : NULL;
		keep(largest, (struct part){{cookie.at, equals ? (size_t)(equals - cookie.at) : 0}, cookie.length});
		at = stop ? stop + 1 : end;
	}
}

/* A name, cut, with '?' in place of bytes that no token has. */
static void write_name(struct pa_span name, char *text, size_t size)
{
	size_t length = name.length < NAME_SHOWN ? name.length : NAME_SHOWN;

	if (length == 0) {
		snprintf(text, size, "(without a name)");
		return;
	}
	for (size_t i = 0; i < length; i++)
		text[i] = pa_text_is_token((struct pa_span){name.at + i, 1}) && name.at[i] != '&' && name.at[i] != '\''
					  ? name.at[i]
					  : '?';
	snprintf(text + length, size - length, "%s", name.length > length ? "..." : "");
}

static void add_parts(const struct part largest[SHOWN], char *text, size_t size)
{
	char name[NAME_SHOWN + 4], amount[AMOUNT_SIZE];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < SHOWN && largest[i].bytes > 0 && length < size; i++) {
		write_name(largest[i].name, name, sizeof name);
		pa_oversize_amount(largest[i].bytes, amount, sizeof amount);
		length += (size_t)snprintf(text + length, size - length, "%s%s (%s)", i ? ", " : "", name, amount);
	}
}

void pa_oversize_explain(const struct pa_request *request, size_t bytes, char *text, size_t size)
{
	struct part cookies[SHOWN] = {0}, headers[SHOWN] = {0};
	char amount[AMOUNT_SIZE], all[AMOUNT_SIZE], names[SHOWN * (NAME_SHOWN + AMOUNT_SIZE + 8)];
	size_t cookie_bytes = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct pa_header *header = &request->headers[i];
		keep(headers, (struct part){header->name, header->name.length + header->value.length});
		if (!pa_text_is(header->name, "cookie"))
			continue;
		cookie_bytes += header->value.length;
		find_cookies(header->value, cookies);
	}
	pa_oversize_amount(bytes, amount, sizeof amount);
	bool is_cookies = cookie_bytes > bytes / 2;
	add_parts(is_cookies ? cookies : headers, names, sizeof names);
	if (!is_cookies) {
		snprintf(text, size, "the headers have %s, and may have 16 KiB. The largest: %s", amount, names);
		return;
	}
	pa_oversize_amount(cookie_bytes, all, sizeof all);
	struct pa_span host = request->host.at ? request->host : pa_text_span("this host");
	snprintf(text, size,
		"the headers have %s, and may have 16 KiB; %s of it are cookies. Delete those of %.*s in the browser: programs "
		"on "
		"other ports of it share them. The largest: %s",
		amount, all, (int)host.length, host.at, names);
}
