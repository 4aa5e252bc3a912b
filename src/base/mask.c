/* A hash table of secrets, and of the forms in which they appear in other text. */
#include "base/mask.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"

enum {
	MASK_MIN = 6,
	PART_MIN = 12, /* bytes of a secret's beginning that are masked at the end of a text */
	MASKS_MAX = 16384,
	MASKS_KEPT = 1024, /* the first masks are settings: later ones, of tokens, do not overwrite them */
	BUCKETS = 2 * MASKS_MAX,
};

/* The registered secrets, each also in its other forms where they differ. A new one overwrites the oldest. A hash table
 * finds them by their first MASK_MIN bytes: every position of every line is looked up. Tokens of one server may all
 * begin alike, so another table finds a secret by all of its bytes. */
static struct {
	pthread_rwlock_t lock;
	struct mask {
		char *text;
		size_t length;
		uint16_t above, below; /* neighbours in the bucket of the first bytes: index plus 1; 0: none */
		uint16_t next;         /* in the bucket of the whole */
	} masks[MASKS_MAX];
	size_t next;
	uint16_t buckets[BUCKETS], wholes[BUCKETS]; /* index of the first one, plus 1; 0: none */
} secrets = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static uint16_t *bucket_of(const char *at)
{
	uint64_t start = 0;

	memcpy(&start, at, MASK_MIN);
	return &secrets.buckets[(start * 0x9e3779b97f4a7c15u >> 32) % BUCKETS];
}

/* How many bytes at `at` are of this secret: all of it, or its beginning when the text was cut inside of it. */
static size_t covered(const struct mask *mask, const char *at, size_t left)
{
	size_t length = mask->length <= left ? mask->length : left >= PART_MIN ? left : 0;

	return length > 0 && memcmp(mask->text, at, length) == 0 ? length : 0;
}

void pa_mask_begin(void)
{
	pthread_rwlock_rdlock(&secrets.lock);
}

void pa_mask_end(void)
{
	pthread_rwlock_unlock(&secrets.lock);
}

size_t pa_mask_at(const char *at, size_t left)
{
	size_t longest = 0;

	if (left < MASK_MIN)
		return 0;
	for (size_t i = *bucket_of(at); i > 0; i = secrets.masks[i - 1].below) {
		size_t length = covered(&secrets.masks[i - 1], at, left);
		if (length > longest)
			longest = length;
	}
	return longest;
}

size_t pa_mask_apply(const char *text, size_t length, char *out)
{
	char *at = out;

	pa_mask_begin();
	for (size_t i = 0; i < length;) {
		size_t secret = pa_mask_at(text + i, length - i);
		if (secret > 0) {
			for (int star = 0; star < 3; star++)
				*at++ = '*';
			i += secret;
		} else {
			*at++ = text[i++];
		}
	}
	pa_mask_end();
	return (size_t)(at - out);
}

/* Registering. The lock is held for writing, but by is_known. */

/* FNV-1a. */
static uint16_t *whole_of(const char *text, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return &secrets.wholes[(hash ^ hash >> 32) % BUCKETS];
}

static bool is_known(const char *text, size_t length)
{
	for (size_t i = *whole_of(text, length); i > 0; i = secrets.masks[i - 1].next)
		if (secrets.masks[i - 1].length == length && memcmp(secrets.masks[i - 1].text, text, length) == 0)
			return true;
	return false;
}

static void drop_mask(struct mask *mask)
{
	uint16_t *link = whole_of(mask->text, mask->length);

	while (&secrets.masks[*link - 1] != mask)
		link = &secrets.masks[*link - 1].next;
	*link = mask->next;
	*(mask->above ? &secrets.masks[mask->above - 1].below : bucket_of(mask->text)) = mask->below;
	if (mask->below)
		secrets.masks[mask->below - 1].above = mask->above;
	explicit_bzero(mask->text, mask->length);
	free(mask->text);
}

static void put_mask(const char *text, size_t length)
{
	struct mask *mask = &secrets.masks[secrets.next];
	char *copy;

	if (length < MASK_MIN || is_known(text, length) || !(copy = malloc(length)))
		return;
	memcpy(copy, text, length);
	if (mask->text)
		drop_mask(mask);
	uint16_t *bucket = bucket_of(copy), *whole = whole_of(copy, length);
	uint16_t self = (uint16_t)(mask - secrets.masks + 1);
	*mask = (struct mask){.text = copy, .length = length, .below = *bucket, .next = *whole};
	if (mask->below)
		secrets.masks[mask->below - 1].above = self;
	*bucket = *whole = self;
	if (++secrets.next == MASKS_MAX)
		secrets.next = MASKS_KEPT;
}

/* Base64 of any text with the secret inside, such as Basic credentials. It has three forms, for the secret may begin at
 * any of the three bytes that make four letters; the letters at both ends, which depend on other bytes, are left out.
 */
static void put_base64(const char *secret, size_t length, char *scratch)
{
	static const size_t first[3] = {0, 2, 3};
	unsigned char *bytes = (unsigned char *)scratch;
	char *letters = scratch + length + 2;

	for (size_t before = 0; before < 3; before++) {
		memset(bytes, 0, before);
		memcpy(bytes + before, secret, length);
		size_t end = (before + length) * 8 / 6;
		for (int url = 0; url < 2; url++) {
			pa_base64_encode(bytes, before + length, url, letters);
			put_mask(letters + first[before], end - first[before]);
		}
	}
}

/* Writes a character of two to four bytes as one or two \\u escapes. The length. */
static size_t write_escapes(const char *at, size_t width, char *out)
{
	unsigned code = (unsigned char)at[0] & (0xffu >> (width + 1));

	for (size_t i = 1; i < width; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3f);
	if (code < 0x10000)
		return (size_t)sprintf(out, "\\u%04x", code);
	code -= 0x10000;
	return (size_t)sprintf(out, "\\u%04x\\u%04x", 0xd800 | code >> 10, 0xdc00 | (code & 0x3ff));
}

/* The inside of a JSON string. `slash` and `ascii`: what some encoders escape as well. */
static void put_json(const char *secret, size_t length, bool slash, bool ascii, char *scratch)
{
	char *at = scratch;

	for (size_t i = 0; i < length;) {
		size_t width = pa_text_utf8_at((struct pa_span){secret + i, length - i});
		unsigned char byte = (unsigned char)secret[i];
		if (byte == '"' || byte == '\\' || (byte == '/' && slash)) {
			*at++ = '\\';
			*at++ = secret[i++];
		} else if (byte < 0x20) {
			at += sprintf(at, "\\u%04x", byte);
			i++;
		} else if (width > 1 && ascii) {
			at += write_escapes(secret + i, width, at);
			i += width;
		} else {
			*at++ = secret[i++];
		}
	}
	put_mask(scratch, (size_t)(at - scratch));
}

static void lower_escapes(char *text, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++)
		if (text[i] == '%') {
			text[i + 1] = pa_text_lower(text[i + 1]);
			text[i + 2] = pa_text_lower(text[i + 2]);
		}
}

/* `scratch` has room for ROOM bytes for each of the secret. */
static void put_forms(const char *secret, size_t length, char *scratch)
{
	char *encoded = scratch, *rest = scratch + 3 * length;

	put_mask(secret, length);
	put_base64(secret, length, rest);
	size_t encoded_length = pa_text_encode((struct pa_span){secret, length}, encoded);
	if (encoded_length != length) {
		put_mask(encoded, encoded_length);
		put_base64(encoded, encoded_length, rest);
		lower_escapes(encoded, encoded_length);
		put_mask(encoded, encoded_length);
	}
	for (int form = 0; form < 4; form++)
		put_json(secret, length, form & 1, form & 2, rest);
}

enum { ROOM = 3 + 8 }; /* percent-encoded, and base64 of that with the bytes that it is made of */

void pa_mask_add(const char *secret, size_t length)
{
	if (length < MASK_MIN)
		return;
	pa_mask_begin();
	bool known = is_known(secret, length); /* then its forms are, too: they were added after it */
	pa_mask_end();
	char *scratch = known ? NULL : malloc(length * ROOM + 64);
	if (!scratch)
		return;
	pthread_rwlock_wrlock(&secrets.lock);
	put_forms(secret, length, scratch);
	pthread_rwlock_unlock(&secrets.lock);
	explicit_bzero(scratch, length * ROOM + 64);
	free(scratch);
}
