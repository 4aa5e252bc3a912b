/*
 * Words for texts that are not JSON: what programs and people often write or send in place of it. For the messages of
 * base/json_scan. Pure: any thread, never raises; all strings are static.
 */
#ifndef PA_JSON_MISTAKE_H
#define PA_JSON_MISTAKE_H

#include "base/text.h"

/* What is wrong with the bytes that begin where a value should. */
const char *pa_json_mistake_value(struct pa_span rest);

/* Whether the bytes begin with a comment of another language. */
bool pa_json_mistake_is_comment(struct pa_span rest);

/* What is wrong with a text as a whole; NULL when that cannot be told. */
const char *pa_json_mistake_text(struct pa_span text);

#endif
