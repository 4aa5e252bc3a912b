/* A growing buffer of bytes, which owns its memory. More than PA_BUFFER_SMALL bytes are counted (base/memory). Used by
 * one thread at a time. Never raises. */
#ifndef PA_BUFFER_H
#define PA_BUFFER_H

#include <stddef.h>
#include <string.h>

enum { PA_BUFFER_SMALL = 16 << 10 };

/* Zero is a valid empty buffer. */
struct pa_buffer {
	char *at;            /* NULL while nothing was added */
	size_t length, size; /* bytes in use, bytes of memory */
};

/* Makes room for `more` bytes; 0, or -1 without memory. For pa_buffer_add. */
int pa_buffer_grow(struct pa_buffer *buffer, size_t more);

/* Appends bytes. 0, or -1 without memory: the buffer is then unchanged. */
static inline int pa_buffer_add(struct pa_buffer *buffer, const char *bytes, size_t length)
{
	if (buffer->size - buffer->length < length && pa_buffer_grow(buffer, length) < 0)
		return -1;
	if (length > 0)
		memcpy(buffer->at + buffer->length, bytes, length);
	buffer->length += length;
	return 0;
}

/* Empties it and keeps its memory for the next use, unless that is more than `kept` bytes. */
void pa_buffer_reset(struct pa_buffer *buffer, size_t kept);

/* Frees the memory; the buffer is then empty and valid. */
void pa_buffer_free(struct pa_buffer *buffer);

#endif
