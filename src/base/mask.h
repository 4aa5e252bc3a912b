/*
 * Secrets that no text of the process may show: of log lines, error pages, messages. They are found as they are, and
 * percent-encoded, in JSON strings and in base64 of a text around them (Basic credentials). Any thread, never raises.
 */
#ifndef PA_MASK_H
#define PA_MASK_H

#include <stddef.h>

/* From now on the secret is masked. Secrets of less than 6 bytes are ignored. 16,384 forms of secrets are kept, a token
 * has four: further ones replace the oldest, but for the first 1,024. Without memory a form is not kept. */
void pa_mask_add(const char *secret, size_t length);

/* Copies `text` into `out` with every secret replaced by ***, also the beginning of one (12 bytes or more) at the end
 * of the text, which was cut there. `out` has room for `length` bytes: a mask is never longer than what it replaces.
 * The length of the copy. */
size_t pa_mask_apply(const char *text, size_t length, char *out);

/* How many bytes of a secret are at `at`, of which `left` bytes can be read; 0 for none. Between begin and end, which
 * hold a lock for reading. */
void pa_mask_begin(void);
size_t pa_mask_at(const char *at, size_t left);
void pa_mask_end(void);

#endif
