/* What a refusal of too many header bytes says: which headers or cookies are the largest, by name and size, never by
 * value (LG-01). Pure functions over bytes, any thread, never raise. */
#ifndef PA_OVERSIZE_H
#define PA_OVERSIZE_H

#include "base/message.h"

/* Writes the sentence. `bytes` is the size of the header block. The names in it have bytes of tokens only. */
void pa_oversize_explain(const struct pa_request *request, size_t bytes, char *text, size_t size);

/* Writes "1 MiB", "1.5 KiB" or "100 bytes". */
void pa_oversize_amount(size_t bytes, char *text, size_t size);

#endif
