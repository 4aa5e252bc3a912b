/*
 * What a refusal with 421 says: as what this server answers, and what to set when the other name shall lead here
 * (HT-05). Pure functions over bytes, any thread, never raise.
 */
#ifndef PA_MISDIRECTED_H
#define PA_MISDIRECTED_H

#include "base/message.h"

/* Long enough for three hosts of 253 bytes with their ports; a longer PUBLIC_URL is cut. */
struct pa_misdirected {
	char detail[1280];
};

/*
 * Fills in the sentence for the log and the first line of the response. Only names that have the form of a host get
 * into it, in lower case: no byte in it needs an escape. `public_url` is the server's PUBLIC_URL, whose host is the
 * first of `hosts`, or NULL for a server that has no such setting.
 */
void pa_misdirected_explain(const struct pa_request *request, const char *public_url, const char *const *hosts,
	size_t host_count, struct pa_misdirected *misdirected);

/* Makes the response: plain text, or JSON when the client accepts JSON and no page. */
void pa_misdirected_respond(const struct pa_request *request, const char *public_url,
	const struct pa_misdirected *misdirected, struct pa_response *response);

#endif
