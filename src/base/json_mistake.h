/*
 * Words for texts that are not JSON: what programs and people often write or send in place of it. For the messages of
 * base/json_scan. Pure: any thread, never raises; all strings are static.
 */
#ifndef PA_JSON_MISTAKE_H
#define PA_JSON_MISTAKE_H

#include "base/text.h"

/* What is wrong with the rest of a text, which is not what has to be there: `expected`, such as "':' is missing", or
 * NULL for a value. `is_inside`: of an object or an array. */
const char *pa_json_mistake_at(struct pa_span rest, bool is_inside, const char *expected);

/* What is wrong with a text as a whole; NULL when that cannot be told. */
const char *pa_json_mistake_text(struct pa_span text);

#endif
