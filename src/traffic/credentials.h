/* Finds credentials in texts by their names: OAuth parameters and members, passwords, keys. Pure: any thread, never
 * raises. */
#ifndef PA_CREDENTIALS_H
#define PA_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* What is found of a text: the bytes from `from` to before `to`. */
typedef void pa_credentials_found(void *context, size_t from, size_t to);

/* Finds the values of credentials in a query, a form, JSON, HTML fields, XML, a multipart body, and passwords of URLs.
 * `is_form`: the text is the body of a form, so that a value ends only at a '&'. */
void pa_credentials_find(struct pa_span text, bool is_form, pa_credentials_found *found, void *context);

/* The same for one header's value: of headers with credentials, all but their scheme or their names. */
void pa_credentials_find_header(struct pa_span name, struct pa_span value, pa_credentials_found *found, void *context);

/* The value of a parameter of a query, percent-decoded or not; absent when it has none. */
struct pa_span pa_credentials_parameter(struct pa_span query, const char *name);

#endif
