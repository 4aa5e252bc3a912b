/* Splits and checks URLs with libcurl's parser, which also reads them for calls out. Pure: any thread, never raises. */
#ifndef PA_URL_H
#define PA_URL_H

#include <stddef.h>
#include <stdint.h>

enum {
	PA_URL_MAX = 8191, /* bytes */
	PA_URL_ORIGIN_SIZE = 288,
};

/* The parts of a URL, each NUL-terminated and NULL when absent; freed with pa_url_free. */
struct pa_url {
	char *scheme, *host, *path, *query, *fragment;
	unsigned port;                   /* the scheme's default when the URL names none */
	char origin[PA_URL_ORIGIN_SIZE]; /* lower case, without a default port */
};

/* Splits a URL: http or https, with a host that does not end with a dot, without user and password, white space,
 * control bytes or backslashes. NULL, or the problem, a static string. The caller frees *url in both cases. */
const char *pa_url_read(const char *text, size_t length, struct pa_url *url);
void pa_url_free(struct pa_url *url);

/* Writes the origin of a URL into PA_URL_ORIGIN_SIZE bytes. NULL, or the problem, a static string. */
const char *pa_url_origin(const char *text, size_t length, char *origin);

/* The same. Without a problem *parsed is libcurl's own form of the URL, a CURLU, which the caller cleans up; else it is
 * NULL. */
const char *pa_url_parse(const char *text, size_t length, char *origin, void **parsed);

/* Seconds since 1970 of an HTTP date (RFC 9110 5.6.7); -1 when the string is not one. */
int64_t pa_url_date(const char *text);

#endif
