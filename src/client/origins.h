/*
 * The origins that a transfer asked last, each with a URL in libcurl's form. The next URL of the same origin mostly
 * differs in its path only, which is then put into that form; to parse a URL takes ten times as long. A transfer owns
 * them; used by one thread at a time. Never raises.
 */
#ifndef PA_ORIGINS_H
#define PA_ORIGINS_H

#include <stddef.h>

#include "client/url.h"

enum { PA_ORIGINS_KEPT = 4 };

struct pa_origins_one {
	char beginning[PA_URL_ORIGIN_SIZE]; /* of the URLs, as they were written; "": free */
	char origin[PA_URL_ORIGIN_SIZE];    /* as pa_url_origin writes it */
	void *parsed;                       /* the last URL, a CURLU; NULL: free */
};

/* Zero is: none. */
struct pa_origins {
	struct pa_origins_one kept[PA_ORIGINS_KEPT];
	size_t next; /* to be replaced */
};

/* Splits a URL, which ends with NUL, as pa_url_parse does. NULL with *one, whose `parsed` is that URL: it is valid
 * until the next call, and may be in use by an easy handle that does not run. Else the problem, a static string. */
const char *pa_origins_parse(
	struct pa_origins *origins, const char *text, size_t length, const struct pa_origins_one **one);

void pa_origins_free(struct pa_origins *origins);

#endif
