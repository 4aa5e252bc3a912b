/* Words for a Host that this server does not answer for. */
#include "server/misdirected.h"

#include <stdio.h>
#include <string.h>

#include "server/gate.h"

enum { PORT_MAX = 6 }; /* ":65535" */

/* A host in lower case, and its port when there is one: ":8443". */
struct authority {
	char host[254], port[PORT_MAX + 1];
};

static bool read_authority(struct pa_span value, struct authority *authority)
{
	struct pa_span host;

	if (value.length == 0 || !pa_gate_split_host(value, authority->host, &host))
		return false;
	authority->host[host.length] = '\0';
	size_t length = value.length - host.length;
	if (length > PORT_MAX)
		return false;
	memcpy(authority->port, value.at + host.length, length);
	authority->port[length] = '\0';
	return true;
}

/* The host that the request was refused for, with the port of the Host header. */
static void read_refused(const struct pa_request *request, struct authority *authority)
{
	if (read_authority(pa_request_header(request, "host"), authority) &&
		pa_text_equal(pa_text_span(authority->host), request->host))
		return;
	/* a target with a host, which counts instead of the header */
	snprintf(authority->host, sizeof authority->host, "%.*s", (int)request->host.length, request->host.at);
	authority->port[0] = '\0';
}

/* The host that the nearest visitor asked for, as a proxy says: never trusted, but named. */
static bool read_forwarded(const struct pa_request *request, struct authority *authority)
{
	struct pa_span header = pa_request_header(request, "x-forwarded-host");
	const char *comma = header.length > 0 ? memchr(header.at, ',', header.length) : NULL;

	if (comma)
		header.length = (size_t)(comma - header.at);
	return read_authority(pa_text_trim(header), authority);
}

static void name_hosts(const char *const *hosts, size_t host_count, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < host_count && length < size; i++) {
		const char *between = i == 0 ? "" : i + 1 < host_count ? ", " : " or ";
		length += (size_t)snprintf(text + length, size - length, "%s%s", between,
			strcmp(hosts[i], PA_GATE_LOCAL) == 0 ? "a name of a local network, such as sandbox" : hosts[i]);
	}
}

void pa_misdirected_explain(const struct pa_request *request, const char *public_url, const char *const *hosts,
	size_t host_count, struct pa_misdirected *misdirected)
{
	char *detail = misdirected->detail, names[512];
	size_t size = sizeof misdirected->detail;
	struct authority refused, forwarded;

	read_refused(request, &refused);
	if (!public_url) {
		name_hosts(hosts, host_count, names, sizeof names);
		snprintf(detail, size, "this server answers as %s, not as %s", names, refused.host);
		return;
	}
	bool is_forwarded = read_forwarded(request, &forwarded) && strcmp(forwarded.host, refused.host) != 0;
	if (is_forwarded && host_count > 0 && strcmp(forwarded.host, hosts[0]) == 0)
		snprintf(detail, size,
			"this server answers as %s, not as %s: X-Forwarded-Host names PUBLIC_URL's host, but only the Host header "
			"counts: let the proxy pass the Host header on",
			public_url, refused.host);
	else if (is_forwarded)
		snprintf(detail, size,
			"this server answers as %s, not as %s: if %s leads here, set PUBLIC_URL=https://%s%s and let the proxy "
			"pass "
			"the Host header on",
			public_url, refused.host, forwarded.host, forwarded.host, forwarded.port);
	else
		snprintf(detail, size,
			"this server answers as %s, not as %s: if that name leads here, set PUBLIC_URL=https://%s%s", public_url,
			refused.host, refused.host, refused.port);
}

#define WHAT_IT_IS                                                                                                \
	"PUBLIC_URL is where browsers reach this server, and where Segment sends customers back to. Other names are " \
	"refused, "                                                                                                   \
	"so that a page elsewhere cannot read this server under a name of its own."
#define WHAT_TO_DO                                                                                               \
	"Set it in .env or in the environment, register the redirect URI below it at Segment, and start the server " \
	"again. It "                                                                                                 \
	"has to be https, as a tunnel or a proxy with TLS makes it, unless it is this machine."

void pa_misdirected_respond(const struct pa_request *request, const char *public_url,
	const struct pa_misdirected *misdirected, struct pa_response *response)
{
	char text[sizeof misdirected->detail + 640];

	if (pa_request_accepts(request, "application/json") && !pa_request_accepts(request, "text/html")) {
		snprintf(text, sizeof text, "{\"error\":\"%s.%s\",\"request_id\":\"%s\"}", misdirected->detail,
			public_url ? " " WHAT_IT_IS " " WHAT_TO_DO : "", request->id);
		pa_response_reset(response);
		response->status = 421;
		pa_response_header(response, pa_text_span("Content-Type"), pa_text_span("application/json"), NULL);
		pa_response_body(response, text, strlen(text));
		return;
	}
	snprintf(text, sizeof text, "%s\n%s", misdirected->detail, public_url ? "\n" WHAT_IT_IS "\n" WHAT_TO_DO "\n" : "");
	pa_response_text(response, 421, text);
}
