/* A block of malloc's, doubled when it is full. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

static size_t counted(size_t size)
{
	return size > PA_BUFFER_SMALL ? size : 0;
}

int pa_buffer_grow(struct pa_buffer *buffer, size_t more)
{
	if (more > SIZE_MAX / 2 - buffer->length || buffer->size > SIZE_MAX / 4)
		return -1;
	size_t needed = buffer->length + more, size = buffer->size ? buffer->size * 2 : 512;
	if (size < needed)
		size = needed;
	size_t taken = counted(size) - counted(buffer->size);
	if (taken > 0 && !pa_memory_take(taken))
		return -1;
	char *moved = realloc(buffer->at, size);
	if (!moved) {
		pa_memory_give(taken);
		return -1;
	}
	buffer->at = moved;
	buffer->size = size;
	return 0;
}

void pa_buffer_free(struct pa_buffer *buffer)
{
	free(buffer->at);
	pa_memory_give(counted(buffer->size));
	*buffer = (struct pa_buffer){0};
}

void pa_buffer_reset(struct pa_buffer *buffer, size_t kept)
{
	if (buffer->size > kept)
		pa_buffer_free(buffer);
	buffer->length = 0;
}
