/* Collects what a request has done. */
#include "base/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_MAX = 200 };

struct pa_span pa_trail_address(struct pa_span url)
{
	size_t length = 0;

	while (length < url.length && length < ADDRESS_MAX && url.at[length] != '?' && url.at[length] != '#')
		length++;
	while (length > 0 && length < url.length && ((unsigned char)url.at[length] & 0xc0) == 0x80)
		length--; /* not in the middle of a character */
	return (struct pa_span){url.at, length};
}

size_t pa_trail_write(const struct pa_trail_call *call, char *out, size_t size)
{
	struct pa_span address = pa_trail_address(call->url);
	char status[16];

	snprintf(status, sizeof status, "%d", call->status);
	int length = snprintf(out, size, "%.*s %.*s %s %.1f ms", (int)call->method.length, call->method.at,
		(int)address.length, address.at,
		call->status    ? status
		: call->problem ? call->problem
						: "failed",
		(double)call->took_ns / 1e6);
	return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

void pa_trail_add(struct pa_trail *trail, const struct pa_trail_call *call)
{
	static const char arrow[] = "\n-> ";
	char text[PA_TRAIL_LINE - (sizeof arrow - 1)];

	if (trail->calls++ >= PA_TRAIL_CALLS || (!trail->below && !(trail->below = malloc(PA_TRAIL_BELOW))))
		return;
	size_t length = pa_trail_write(call, text, sizeof text);
	memcpy(trail->below + trail->length, arrow, sizeof arrow - 1);
	memcpy(trail->below + trail->length + sizeof arrow - 1, text, length);
	trail->length += sizeof arrow - 1 + length;
}

void pa_trail_refuse(struct pa_trail *trail, const char *message, const char *reason, const char *detail)
{
	static const char request[] = "request "; /* it is in the line of the request */

	if (strncmp(message, request, sizeof request - 1) == 0)
		message += sizeof request - 1;
	snprintf(trail->refusal, sizeof trail->refusal, "%s: %s%s%s%s", message, reason, detail ? " (" : "",
		detail ? detail : "", detail ? ")" : "");
}

void pa_trail_reset(struct pa_trail *trail)
{
	trail->length = 0;
	trail->calls = 0;
	trail->refusal[0] = '\0';
}

void pa_trail_free(struct pa_trail *trail)
{
	free(trail->below);
	*trail = (struct pa_trail){0};
}
