/* A block of malloc's, doubled when it is full. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdlib.h>

int pa_buffer_grow(struct pa_buffer *buffer, size_t more)
{
	size_t size = buffer->size ? buffer->size : 512;

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
