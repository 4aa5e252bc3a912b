/* Copies an exchange into one piece of memory. */
#include "traffic/entry.h"

#include <stdlib.h>
#include <string.h>

static bool is_body(int text)
{
	return text == PA_ENTRY_REQUEST_BODY || text == PA_ENTRY_RESPONSE_BODY;
}

/* How many bytes of a text are copied. */
static size_t kept(const struct pa_entry *entry, int text)
{
	size_t length = entry->texts[text].length, most = PA_ENTRY_BODY_MAX + PA_ENTRY_BODY_MORE;

	return is_body(text) && length > most ? most : length;
}

static char *put(char *at, struct pa_span bytes)
{
	if (bytes.length > 0)
		memcpy(at, bytes.at, bytes.length);
	return at + bytes.length;
}

static char *put_headers(char *at, const struct pa_entry *entry)
{
	for (size_t i = 0; i < entry->header_count; i++) {
		at = put(at, entry->headers[i].name);
		*at++ = ':';
		*at++ = ' ';
		at = put(at, entry->headers[i].value);
		*at++ = '\n';
	}
	return at;
}

struct pa_entry *pa_entry_copy(const struct pa_entry *entry)
{
	size_t size = sizeof *entry;

	for (int i = 0; i < PA_ENTRY_TEXTS; i++)
		size += kept(entry, i);
	for (size_t i = 0; i < entry->header_count; i++)
		size += entry->headers[i].name.length + entry->headers[i].value.length + 3;
	struct pa_entry *copy = malloc(size);
	if (!copy)
		return NULL;
	*copy = *entry;
	char *at = (char *)(copy + 1);
	for (int i = 0; i < PA_ENTRY_TEXTS; i++) {
		char *begin = at;
		if (i == PA_ENTRY_REQUEST_HEAD)
			at = put_headers(at, entry);
		at = put(at, (struct pa_span){entry->texts[i].at, kept(entry, i)});
		copy->texts[i] = (struct pa_span){begin, (size_t)(at - begin)};
	}
	copy->headers = NULL;
	copy->header_count = 0;
	copy->request_size = entry->texts[PA_ENTRY_REQUEST_BODY].length;
	copy->response_size = entry->texts[PA_ENTRY_RESPONSE_BODY].length;
	copy->size = size;
	copy->next = NULL;
	return copy;
}

void pa_entry_free(struct pa_entry *entry)
{
	if (!entry)
		return;
	explicit_bzero(entry, entry->size);
	free(entry);
}
