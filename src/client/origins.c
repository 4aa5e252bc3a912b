/* A few URLs, of which path and query are replaced. */
#include "client/origins.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

/* The length of "https://host:port"; 0 when it is too long to be kept, or the text is something else. */
static size_t beginning_of(const char *text)
{
	const char *host = strstr(text, "://");

	if (!host)
		return 0;
	size_t length = (size_t)(host + 3 - text) + strcspn(host + 3, "/?#");
	return length < PA_URL_ORIGIN_SIZE ? length : 0;
}

/* Whether the parser would take path and query as they are: from a slash on they have bytes of names and queries only,
 * and no "." or ".." as a part of the path. Escapes are left to the parser. */
static bool is_plain(const char *text, size_t length)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?"; /* RFC 3986 3.3, 3.4 */

	return text[0] == '/' && strspn(text, plain) == length && !strstr(text, "/.");
}

/* Puts path and query into the parsed form. */
static bool put(void *parsed, const char *text, size_t length)
{
	const char *mark = memchr(text, '?', length);
	char path[PA_URL_MAX + 1];

	if (mark) {
		memcpy(path, text, (size_t)(mark - text));
		path[mark - text] = '\0';
	}
	return curl_url_set(parsed, CURLUPART_PATH, mark ? path : text, 0) == CURLUE_OK &&
		   curl_url_set(parsed, CURLUPART_QUERY, mark ? mark + 1 : NULL, 0) == CURLUE_OK &&
		   curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK;
}

static void forget(struct pa_origins_one *one)
{
	curl_url_cleanup(one->parsed);
	*one = (struct pa_origins_one){0};
}

static struct pa_origins_one *find(struct pa_origins *origins, const char *text, size_t beginning)
{
	for (size_t i = 0; beginning > 0 && i < PA_ORIGINS_KEPT; i++) {
		struct pa_origins_one *one = &origins->kept[i];
		if (strncmp(one->beginning, text, beginning) == 0 && one->beginning[beginning] == '\0')
			return one;
	}
	return NULL;
}

const char *pa_origins_parse(
	struct pa_origins *origins, const char *text, size_t length, const struct pa_origins_one **one)
{
	size_t beginning = beginning_of(text);
	struct pa_origins_one *known = find(origins, text, beginning);

	if (known && length <= PA_URL_MAX && is_plain(text + beginning, length - beginning) &&
		put(known->parsed, text + beginning, length - beginning)) {
		*one = known;
		return NULL;
	}
	struct pa_origins_one parsed = {0};
	const char *problem = pa_url_parse(text, length, parsed.origin, &parsed.parsed);
	if (problem)
		return problem;
	memcpy(parsed.beginning, text, beginning);
	if (!known) {
		known = &origins->kept[origins->next];
		origins->next = (origins->next + 1) % PA_ORIGINS_KEPT;
	}
	forget(known);
	*known = parsed;
	*one = known;
	return NULL;
}

void pa_origins_free(struct pa_origins *origins)
{
	for (size_t i = 0; i < PA_ORIGINS_KEPT; i++)
		forget(&origins->kept[i]);
}
