/* Compares hosts with a list of exceptions. */
#include "client/proxy.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/text.h"

/* An address as bytes: 4 or 16 of them; length 0 for a name. */
struct address {
	unsigned char bytes[16];
	size_t length;
};

static struct address read_address(struct pa_span text)
{
	struct address address = {.length = 0};
	char copy[INET6_ADDRSTRLEN];

	if (text.length >= 2 && text.at[0] == '[' && text.at[text.length - 1] == ']') {
		text.at++;
		text.length -= 2;
	}
	if (text.length == 0 || text.length >= sizeof copy)
		return address;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (inet_pton(AF_INET, copy, address.bytes) == 1)
		address.length = 4;
	else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
		address.length = 16;
	return address;
}

/* Whether two addresses of one kind begin with the same `bits`. */
static bool begins_like(const struct address *a, const struct address *b, size_t bits)
{
	if (a->length == 0 || a->length != b->length || bits > a->length * 8)
		return false;
	for (size_t i = 0; i < bits; i++)
		if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

/* Whether a host is the domain or one below it. Both may begin with a dot. */
static bool is_within(struct pa_span host, struct pa_span domain)
{
	if (domain.length > 0 && domain.at[0] == '.') {
		domain.at++;
		domain.length--;
	}
	if (domain.length == 0 || host.length < domain.length)
		return false;
	size_t before = host.length - domain.length;
	if (strncasecmp(host.at + before, domain.at, domain.length) != 0)
		return false;
	return before == 0 || host.at[before - 1] == '.';
}

static bool is_exception(struct pa_span host, struct pa_span entry)
{
	struct address address = read_address(host);
	const char *slash = memchr(entry.at, '/', entry.length);

	if (entry.length == 1 && entry.at[0] == '*')
		return true;
	struct address base = read_address((struct pa_span){entry.at, slash ? (size_t)(slash - entry.at) : entry.length});
	if (slash)
		return begins_like(&address, &base, (size_t)strtoul(slash + 1, NULL, 10));
	if (address.length > 0)
		return begins_like(&address, &base, base.length * 8);
	return is_within(host, entry);
}

static bool is_loopback(struct pa_span host)
{
	static const struct address loopback4 = {{127}, 4}, loopback6 = {{[15] = 1}, 16};
	struct address address = read_address(host);

	return begins_like(&address, &loopback4, 8) || begins_like(&address, &loopback6, 128) ||
		   is_within(host, pa_text_span("localhost"));
}

/* The host of an origin, without the port. */
static struct pa_span host_of(const char *origin)
{
	const char *host = strstr(origin, "://");

	host = host ? host + 3 : origin;
	const char *end = *host == '[' ? strchr(host, ']') : NULL;
	return (struct pa_span){host, end ? (size_t)(end - host) + 1 : strcspn(host, ":")};
}

const char *pa_proxy_of(const struct pa_proxy *proxy, const char *origin)
{
	const char *url = strncmp(origin, "https:", 6) == 0 ? proxy->https : proxy->http;
	struct pa_span host = host_of(origin);

	if (!url || is_loopback(host))
		return NULL;
	for (const char *at = proxy->exceptions ? proxy->exceptions : ""; *at; at += strspn(at, ", ")) {
		size_t length = strcspn(at, ", ");
		if (is_exception(host, (struct pa_span){at, length}))
			return NULL;
		at += length;
	}
	return url;
}

/* Masks the password of a URL, as it is there and decoded. */
static void mask_password(const char *url)
{
	char decoded[1024];
	const char *user = strstr(url, "://");
	const char *end = user ? strrchr(user, '@') : NULL;
	const char *colon = user ? strchr(user + 3, ':') : NULL;

	if (!end || !colon || colon > end)
		return;
	struct pa_span password = {colon + 1, (size_t)(end - colon) - 1};
	pa_mask_add(password.at, password.length);
	long length = password.length <= sizeof decoded ? pa_text_decode(password, decoded, false) : -1;
	if (length > 0)
		pa_mask_add(decoded, (size_t)length);
	explicit_bzero(decoded, sizeof decoded);
}

static int copy(char **to, const char *text, struct pa_error *error)
{
	if (!text || !*text)
		return 0;
	*to = strdup(text);
	if (!*to)
		return pa_error_set(error, "http", "not enough memory");
	mask_password(text);
	return 0;
}

int pa_proxy_read(struct pa_proxy *proxy, const struct pa_proxy_options *options, struct pa_error *error)
{
	return copy(&proxy->https, options->https, error) < 0 || copy(&proxy->http, options->http, error) < 0 ||
				   copy(&proxy->exceptions, options->exceptions, error) < 0
			   ? -1
			   : 0;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void pa_proxy_free(struct pa_proxy *proxy)
{
	wipe(proxy->https);
	wipe(proxy->http);
	free(proxy->exceptions);
	*proxy = (struct pa_proxy){0};
}
