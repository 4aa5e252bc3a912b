#include "run/changed_file.h"

#include <sys/stat.h>

static struct pa_changed_file state_of(const char *path)
{
	struct pa_changed_file now = {.path = path};
	struct stat status;

	now.exists = path && stat(path, &status) == 0;
	if (now.exists) {
		now.inode = status.st_ino;
		now.size = status.st_size;
		now.written = status.st_mtim;
	}
	return now;
}

void pa_changed_file_begin(struct pa_changed_file *file, const char *path)
{
	*file = state_of(path);
}

bool pa_changed_file_look(struct pa_changed_file *file)
{
	const struct pa_changed_file before = *file;

	*file = state_of(file->path);
	return file->exists != before.exists || file->inode != before.inode || file->size != before.size ||
		   file->written.tv_sec != before.written.tv_sec || file->written.tv_nsec != before.written.tv_nsec;
}
