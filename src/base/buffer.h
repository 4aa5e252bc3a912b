/* Bytes that grow. Zero is a valid empty buffer. Used by one thread at a time. */
#ifndef PA_BUFFER_H
#define PA_BUFFER_H

#include <stddef.h>

struct pa_buffer {
	char *at;
	size_t length, size;
};

/* Appends; 0, or -1 without memory, the buffer then unchanged. */
int pa_buffer_add(struct pa_buffer *buffer, const char *bytes, size_t length);

/* Empties it; memory of more than `kept` bytes is freed, for it was the exception. */
void pa_buffer_reset(struct pa_buffer *buffer, size_t kept);
void pa_buffer_free(struct pa_buffer *buffer);

#endif
