/*
 * The header lines of one request out, checked and in libcurl's form. A transfer owns them; used by one thread at a
 * time. Never raises.
 */
#ifndef PA_HEADER_LINES_H
#define PA_HEADER_LINES_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

enum {
	PA_HEADER_LINES_MAX = 64,
	PA_HEADER_LINES_BASIC_MAX = 1023, /* bytes of a user name and its password */
};

/* The User-Agent of a request that has no other. */
#define PA_HEADER_LINES_USER_AGENT "partnerapp/" PARTNERAPP_VERSION

struct curl_slist;
struct pa_header_lines;

/* NULL without memory. */
struct pa_header_lines *pa_header_lines_new(void);
void pa_header_lines_free(struct pa_header_lines *lines);

/* Empties and wipes them, for credentials are among them. */
void pa_header_lines_reset(struct pa_header_lines *lines);

/*
 * Adds one, at most PA_HEADER_LINES_MAX. The name must be a token and the value free of control bytes (RFC 9110 5.5,
 * 5.6.2); headers that frame a message (Content-Length, Host, …) are refused. 0, or -1 with code "usage" or "http"
 * (memory).
 */
int pa_header_lines_add(
	struct pa_header_lines *lines, struct pa_span name, struct pa_span value, struct pa_error *error);

/* Adds an Authorization header: Basic (RFC 7617), of at most PA_HEADER_LINES_BASIC_MAX bytes, or Bearer (RFC 6750). No
 * copy of the credentials is left elsewhere. 0, or -1 as pa_header_lines_add. */
int pa_header_lines_add_basic(
	struct pa_header_lines *lines, struct pa_span user, struct pa_span password, struct pa_error *error);
int pa_header_lines_add_bearer(struct pa_header_lines *lines, struct pa_span token, struct pa_error *error);

/* All lines, each ended by NUL. Valid until the next one is added. */
struct pa_span pa_header_lines_bytes(const struct pa_header_lines *lines);

/* The list for CURLOPT_HTTPHEADER, for a request with that body (absent: none). It keeps curl from adding a
 * Content-Type or an Expect of its own, and has the User-Agent, which curl itself would format twice. Valid until the
 * next call for these lines. */
struct curl_slist *pa_header_lines_list(struct pa_header_lines *lines, struct pa_span body);

#endif
