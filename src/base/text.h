/* Spans: bytes with a length, and functions on them that several rooms use. Pure: any thread, never raises. */
#ifndef PA_TEXT_H
#define PA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Borrowed bytes, not ended by NUL. {NULL, 0} is absent, {"", 0} is empty. */
struct pa_span {
	const char *at;
	size_t length;
};

/* The span of a NUL-terminated string; for NULL the absent one. */
static inline struct pa_span pa_text_span(const char *text)
{
	return (struct pa_span){text, text ? strlen(text) : 0};
}

/* Whether the span is that NUL-terminated word, in any case of its ASCII letters. */
static inline bool pa_text_is(struct pa_span text, const char *word)
{
	return strlen(word) == text.length && strncasecmp(text.at, word, text.length) == 0;
}

/* Whether two spans hold the same bytes. */
bool pa_text_equal(struct pa_span a, struct pa_span b);

/* The lower-case form of an ASCII letter; any other byte as it is. */
char pa_text_lower(char byte);

/* The span without spaces and tabs at both ends. */
struct pa_span pa_text_trim(struct pa_span text);

/* Whether the bytes are a token (RFC 9110 5.6.2); a field value (5.5): no control bytes but tab. */
bool pa_text_is_token(struct pa_span text);
bool pa_text_is_field_value(struct pa_span text);

/* The length of the UTF-8 character that the bytes begin with: 1 to 4, or 0 when they begin with none (RFC 3629). The
 * only check of UTF-8 in C. */
size_t pa_text_utf8_at(struct pa_span text);

/* Whether the bytes are valid UTF-8: no surrogates, no overlong forms, at most U+10FFFF (RFC 3629). */
bool pa_text_is_utf8(struct pa_span text);

/* How many bytes the span begins with that a JSON string has as they are: ASCII, and neither a control byte, a quote
 * nor a backslash. */
size_t pa_text_plain(struct pa_span text);

/* The value of a hexadecimal digit, or -1. */
int pa_text_hex_value(char digit);

/* Writes two lower-case hexadecimal digits for each byte into `out`; no NUL. */
void pa_text_write_hex(const unsigned char *bytes, size_t count, char *out);

/* Percent-decodes `from` into `to` (room for from.length bytes); with `form` a '+' is a space. The length, or -1 for a
 * bad escape. */
long pa_text_decode(struct pa_span from, char *to, bool form);

/* Percent-encodes all but the unreserved characters of RFC 3986 2.3 into `to` (room for 3 times from.length bytes). The
 * length. */
size_t pa_text_encode(struct pa_span from, char *to);

#endif
