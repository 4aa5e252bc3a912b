/* SS-08: what pa_url_read accepts is plain, reads the same again, and no host hides in another part. */
#include "client/url.h"

#include <arpa/inet.h>

#include "fuzz/check.h"

static void check_bytes(const char *text)
{
	for (const char *at = text; at && *at; at++)
		CHECK((unsigned char)*at > 0x20 && (unsigned char)*at < 0x7f && *at != '\\', "byte %d in %s", *at, text);
}

/* The host as a reader sees it: between "://" and the next '/', '?' or '#', in lower case. */
static void check_host(const struct pa_url *url, const char *text)
{
	const char *from = strstr(text, "://") + 3;
	size_t length = strcspn(from, "/?#"), host = strlen(url->host);

	CHECK(!memchr(from, '@', length), "it has a user name: %s", text);
	CHECK(host > 0 && !strpbrk(url->host, "/?#@ "), "host %s", url->host);
	CHECK(host > 0 && url->host[host - 1] != '.', "host %s", url->host);
	CHECK(!strchr(url->host, ':') || url->host[0] == '[', "host %s", url->host);
	/* libcurl decodes percent escapes, and writes an IPv4 address in other forms (0x7f.1) as four numbers: then the
	 * text may differ, but it must be such a form. */
	bool same = host <= length && strncasecmp(url->host, from, host) == 0;
	struct in_addr number;
	CHECK(same || memchr(from, '%', length) || url->host[0] == '[' || inet_aton(url->host, &number),
		"the host of %s is read as %s", text, url->host);
}

static void check_again(const struct pa_url *url)
{
	char text[3 * PA_URL_MAX], origin[PA_URL_ORIGIN_SIZE];
	struct pa_url again;

	snprintf(text, sizeof text, "%s%s%s%s%s%s", url->origin, url->path, url->query ? "?" : "",
		url->query ? url->query : "", url->fragment ? "#" : "", url->fragment ? url->fragment : "");
	const char *problem = pa_url_origin(url->origin, strlen(url->origin), origin);
	CHECK(!problem && strcmp(origin, url->origin) == 0, "origin %s: %s", url->origin, problem ? problem : origin);
	if (strlen(text) > PA_URL_MAX)
		return;
	problem = pa_url_read(text, strlen(text), &again);
	CHECK(!problem, "%s: %s", text, problem);
	CHECK(strcmp(url->scheme, again.scheme) == 0 && strcmp(url->host, again.host) == 0 && url->port == again.port &&
			  strcmp(url->path, again.path) == 0,
		"%s has other parts when it is read again", text);
	pa_url_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pa_url url;
	char *text = malloc(size + 1), origin[PA_URL_ORIGIN_SIZE];

	CHECK(text, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	const char *problem = pa_url_read(text, size, &url);
	CHECK(!problem == !pa_url_origin(text, size, origin), "pa_url_origin answers otherwise");
	if (!problem) {
		CHECK(strcmp(origin, url.origin) == 0, "%s is not %s", origin, url.origin);
		CHECK(strcmp(url.scheme, "http") == 0 || strcmp(url.scheme, "https") == 0, "scheme %s", url.scheme);
		CHECK(url.port <= 65535, "port %u", url.port);
		CHECK(url.path[0] == '/', "path %s", url.path);
		check_bytes(text);
		check_bytes(url.origin);
		check_host(&url, text);
		check_again(&url);
	}
	pa_url_free(&url);
	free(text);
	return 0;
}
