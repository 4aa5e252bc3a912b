/* A list of origins, compared as strings. */
#include "client/allow.h"

#include <string.h>

#include "client/url.h"

static int add(struct pa_allow *allow, const char *at, size_t length, struct pa_error *error)
{
	char origin[PA_URL_ORIGIN_SIZE];

	if (length == 1 && *at == '*') {
		allow->all = true;
		return 0;
	}
	const char *problem = pa_url_origin(at, length, origin);
	if (problem)
		return pa_error_set(error, "usage", "'%.*s' is not an origin to allow: %s", (int)length, at, problem);
	if (pa_buffer_add(&allow->origins, origin, strlen(origin) + 1) < 0)
		return pa_error_set(error, "http", "not enough memory");
	return 0;
}

int pa_allow_read(struct pa_allow *allow, const char *text, struct pa_error *error)
{
	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		if (add(allow, at, length, error) < 0)
			return -1;
		at += length;
	}
	return 0;
}

void pa_allow_free(struct pa_allow *allow)
{
	pa_buffer_free(&allow->origins);
}

bool pa_allow_has(const struct pa_allow *allow, const char *origin)
{
	const char *end = allow->origins.at + allow->origins.length;

	if (allow->all)
		return true;
	for (const char *at = allow->origins.at; at < end; at += strlen(at) + 1)
		if (strcmp(at, origin) == 0)
			return true;
	return false;
}
