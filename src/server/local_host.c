#include "server/local_host.h"

#include <string.h>

static bool has_only(struct pa_span text, const char *bytes)
{
	for (size_t i = 0; i < text.length; i++)
		if (!strchr(bytes, text.at[i]))
			return false;
	return text.length > 0;
}

static bool ends_with(struct pa_span host, const char *ending)
{
	size_t length = strlen(ending);

	return host.length > length && memcmp(host.at + host.length - length, ending, length) == 0;
}

bool pa_local_host_is(struct pa_span host)
{
	/* RFC 6761, 6762 and 8375; .internal is reserved by ICANN. Kubernetes' names end with .local. */
	static const char *const endings[] = {".internal", ".local", ".test", ".localhost", ".home.arpa"};

	if (host.length == 0 || host.at[0] == '.')
		return false;
	if (host.at[0] == '[' || has_only(host, "0123456789.") || !memchr(host.at, '.', host.length))
		return true;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (ends_with(host, endings[i]))
			return true;
	return false;
}
