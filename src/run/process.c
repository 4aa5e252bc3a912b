/* Limits, umask, and the place of the Lua files. */
#include "run/process.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens /dev/null in place of standard streams that are closed: a database or a socket that got one of their numbers
 * would be given log lines. */
static void fill_standard_streams(void)
{
	for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
			_exit(PA_EXIT_FAILED);
}

void pa_process_prepare(void)
{
	struct rlimit files, no_core = {0, 0};

	fill_standard_streams();
	umask(077);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
}

bool pa_process_lost_output(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};

	if (fflush(stdout) == 0 && !ferror(stdout))
		return false;
	return poll(&output, 1, 0) < 0 || !(output.revents & POLLERR);
}

int pa_process_find_library(char *found, size_t size)
{
	static const char *const places[] = {"/../share/partnerapp", "/../../lua"};
	char self[PATH_MAX], probe[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length < 0)
		return -1;
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char resolved[PATH_MAX];
		snprintf(probe, sizeof probe, "%s%s/partnerapp/init.lua", self, places[i]);
		if (access(probe, R_OK) != 0)
			continue;
		snprintf(probe, sizeof probe, "%s%s", self, places[i]);
		if (!realpath(probe, resolved))
			continue;
		return snprintf(found, size, "%s", resolved) < (int)size ? 0 : -1;
	}
	return -1;
}
