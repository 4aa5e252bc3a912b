/*
 * Compares the names of an object's members, as they are written in a JSON text: "a" and "\u0061" are one name. For
 * base/json_scan. Pure: any thread, never raises.
 */
#ifndef PA_JSON_NAMES_H
#define PA_JSON_NAMES_H

#include "base/text.h"

struct pa_json_name {
	struct pa_span text;  /* as it is written, with its quotes */
	size_t place, length; /* of the name in the rewritten text, for base/json_scan */
};

/* The first name in the text that another one before it is equal to, or NULL. The names are well-formed and without
 * halves of surrogate pairs. They are sorted afterwards. */
const char *pa_json_names_repeated(struct pa_json_name *names, size_t count);

#endif
