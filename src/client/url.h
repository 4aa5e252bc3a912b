/* URLs, taken apart by libcurl's parser, the one that will use them. Pure. */
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
	unsigned port;
	char origin[PA_URL_ORIGIN_SIZE]; /* lower case, without a default port */
};

/* Takes a URL apart, strictly. NULL when fine, else why not; free it either way. */
const char *pa_url_read(const char *text, size_t length, struct pa_url *url);
void pa_url_free(struct pa_url *url);

/* Its origin only, into PA_URL_ORIGIN_SIZE bytes. NULL when fine, else why not. */
const char *pa_url_origin(const char *text, size_t length, char *origin);

/* Seconds since 1970 of an HTTP date (RFC 9110 5.6.7); -1 when the string is not one. */
int64_t pa_url_date(const char *text);

#endif
