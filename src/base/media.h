/* The media types of files by the endings of their names. Any thread, never raises. */
#ifndef PA_MEDIA_H
#define PA_MEDIA_H

#include <stddef.h>

/* The type of a file, for Content-Type: "text/css; charset=utf-8". NULL for an ending that is not known. Upper and
 * lower case are the same. */
const char *pa_media_type(const char *name);

/* The known endings by number, from 0: "avif". NULL past the end. */
const char *pa_media_ending(size_t n);

#endif
