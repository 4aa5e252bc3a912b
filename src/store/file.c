/* Makes a database file and sets its mode. */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int pa_file_prepare(const char *path, struct pa_error *error)
{
	char folder[4096];
	struct stat status;

	snprintf(folder, sizeof folder, "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return pa_error_set(error, "database", "cannot make folder %s: %s", folder, strerror(errno));
		*slash = '/';
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return pa_error_set(error, "database", "cannot open %s: %s", path, strerror(errno));
	bool fine = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	if (fine && (status.st_mode & 077) != 0)
		fine = fchmod(fd, 0600) == 0;
	close(fd);
	return fine ? 0 : pa_error_set(error, "database", "%s is not a regular file that this user owns", path);
}
