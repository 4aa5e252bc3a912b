#include "native/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, struct pa_span bytes)
{
	while (bytes.length > 0) {
		ssize_t wrote = write(fd, bytes.at, bytes.length);
		if (wrote < 0 && errno != EINTR)
			return -1;
		if (wrote > 0) {
			bytes.at += wrote;
			bytes.length -= (size_t)wrote;
		}
	}
	return 0;
}

/* Gives a new file the owner of the one that it replaces, when root writes it: a server of another user reads it. */
static void keep_owner(int fd, const char *path)
{
	struct stat old;

	if (geteuid() != 0 || stat(path, &old) < 0 || (old.st_uid == 0 && old.st_gid == getegid()))
		return;
	if (fchown(fd, old.st_uid, old.st_gid) < 0)
		return; /* root of a container may not: the file is written all the same */
}

int pa_whole_file_write(const char *path, struct pa_span bytes, mode_t mode, bool first)
{
	char beside[PATH_MAX];
	int result = -1;

	if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -1;
	keep_owner(fd, path);
	if (fchmod(fd, mode) == 0 && write_all(fd, bytes) == 0 && fsync(fd) == 0)
		result = 0;
	int why = errno;
	if (close(fd) < 0 && result == 0) {
		why = errno;
		result = -1;
	}
	if (result == 0 && (first ? link(beside, path) : rename(beside, path)) < 0) {
		why = errno;
		result = -1;
	}
	if (result < 0 || first)
		unlink(beside);
	errno = why;
	return result;
}

int pa_whole_file_make_folder(const char *path, mode_t mode, char *part)
{
	if (snprintf(part, PATH_MAX, "%s", path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(part + (part[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -1 : 0;
}
