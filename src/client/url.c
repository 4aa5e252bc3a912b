/* Splits URLs with libcurl's parser, after stricter checks. */
#include "client/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const char *check_bytes(const char *text, size_t length)
{
	if (length == 0 || length > PA_URL_MAX)
		return "a URL must have 1 to 8191 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f || text[i] == '\\')
			return "a URL must have no white space, control byte, backslash or byte beyond ASCII";
	size_t scheme = strncasecmp(text, "http://", 7) == 0 ? 7 : strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
	if (scheme == 0)
		return "a URL must begin with http:// or https://";
	if (length == scheme || text[scheme] == '/')
		return "a URL must have a host";
	for (size_t i = scheme; i < length && !strchr("/?#[", text[i]); i++)
		if (text[i] == '%') /* libcurl would decode it, to any byte, after it has looked for addresses */
			return "the host of a URL must have no percent escapes";
	return NULL;
}

static char *part(CURLU *parsed, CURLUPart which, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(parsed, which, &text, flags) == CURLUE_OK ? text : NULL;
}

/* Whether the host is a name, or an address in brackets. */
static bool is_host(const char *host)
{
	const char *allowed = host[0] == '[' ? "[]:." : "-._";

	for (; *host; host++)
		if (!isalnum((unsigned char)*host) && !strchr(allowed, *host))
			return false;
	return true;
}

/* Reads scheme, host (made lower case) and port. The caller frees *parsed, which has the other parts. NULL, or the
 * problem. */
static const char *parse(const char *text, size_t length, struct pa_url *url, CURLU **parsed)
{
	static const char malformed[] = "this is not a valid http or https URL";
	char *user, *password, *port;

	*url = (struct pa_url){0};
	*parsed = NULL;
	const char *problem = check_bytes(text, length);
	if (problem)
		return problem;
	char copy[PA_URL_MAX + 1];
	memcpy(copy, text, length);
	copy[length] = '\0';
	*parsed = curl_url();
	if (!*parsed || curl_url_set(*parsed, CURLUPART_URL, copy, 0) != CURLUE_OK)
		return malformed;
	user = part(*parsed, CURLUPART_USER, 0);
	password = part(*parsed, CURLUPART_PASSWORD, 0);
	bool personal = user || password;
	curl_free(user);
	curl_free(password);
	if (personal)
		return "a URL must have no user name or password in it";
	url->scheme = part(*parsed, CURLUPART_SCHEME, 0);
	url->host = part(*parsed, CURLUPART_HOST, 0);
	port = part(*parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	url->port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
	curl_free(port);
	if (!url->scheme || !url->host || strlen(url->host) > 255)
		return malformed;
	for (char *at = url->host; *at; at++)
		*at = pa_text_lower(*at);
	/* The same host in a second spelling, for which a comparison with a list would not hold. */
	if (url->host[0] && url->host[strlen(url->host) - 1] == '.')
		return "the host of a URL must not end with a dot";
	return is_host(url->host) ? NULL : malformed;
}

static void write_origin(const struct pa_url *url, char *origin)
{
	bool plain = url->port == (strcmp(url->scheme, "https") == 0 ? 443 : 80);

	snprintf(origin, PA_URL_ORIGIN_SIZE, plain ? "%s://%s" : "%s://%s:%u", url->scheme, url->host, url->port);
}

const char *pa_url_parse(const char *text, size_t length, char *origin, void **parsed)
{
	struct pa_url url;
	CURLU *own;
	const char *problem = parse(text, length, &url, &own);

	*parsed = problem ? NULL : own;
	if (problem)
		curl_url_cleanup(own);
	else
		write_origin(&url, origin);
	pa_url_free(&url);
	return problem;
}

const char *pa_url_origin(const char *text, size_t length, char *origin)
{
	void *parsed;
	const char *problem = pa_url_parse(text, length, origin, &parsed);

	curl_url_cleanup(parsed);
	return problem;
}

const char *pa_url_read(const char *text, size_t length, struct pa_url *url)
{
	CURLU *parsed;
	const char *problem = parse(text, length, url, &parsed);

	if (!problem) {
		write_origin(url, url->origin);
		url->path = part(parsed, CURLUPART_PATH, 0);
		url->query = part(parsed, CURLUPART_QUERY, 0);
		url->fragment = part(parsed, CURLUPART_FRAGMENT, 0);
		if (!url->path)
			problem = "not enough memory";
	}
	curl_url_cleanup(parsed);
	return problem;
}

void pa_url_free(struct pa_url *url)
{
	curl_free(url->scheme);
	curl_free(url->host);
	curl_free(url->path);
	curl_free(url->query);
	curl_free(url->fragment);
	*url = (struct pa_url){0};
}

int64_t pa_url_date(const char *text)
{
	return curl_getdate(text, NULL);
}
