/* A block of malloc's, doubled when it is full. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct pa_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 512;

	if (buffer->size - buffer->length >= more)
		return 0;
	while (size - buffer->length < more) {
		if (size > SIZE_MAX / 2)
			return -1;
		size *= 2;
	}
	char *moved = realloc(buffer->at, size);
	if (!moved)
		return -1;
	buffer->at = moved;
	buffer->size = size;
	return 0;
}

int pa_buffer_add(struct pa_buffer *buffer, const char *bytes, size_t length)
{
	if (reserve(buffer, length) < 0)
		return -1;
	if (length > 0)
		memcpy(buffer->at + buffer->length, bytes, length);
	buffer->length += length;
	return 0;
}

void pa_buffer_free(struct pa_buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct pa_buffer){0};
}

void pa_buffer_reset(struct pa_buffer *buffer, size_t kept)
{
	if (buffer->size > kept)
		pa_buffer_free(buffer);
	buffer->length = 0;
}
