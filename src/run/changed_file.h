/* Tells when a file has changed, appeared or gone, by looking at it. Used by one thread. Never raises. */
#ifndef PA_CHANGED_FILE_H
#define PA_CHANGED_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct pa_changed_file {
	const char *path; /* borrowed; NULL: it never changes */
	bool exists;
	ino_t inode;
	off_t size;
	struct timespec written;
};

/* Remembers what the file is now. */
void pa_changed_file_begin(struct pa_changed_file *file, const char *path);

/* Whether it is another one than at the last call, or than at the beginning. */
bool pa_changed_file_look(struct pa_changed_file *file);

#endif
