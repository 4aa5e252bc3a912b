/* Signals, limits, umask, and the place of the Lua files. */
#include "run/process.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

sigset_t pa_process_prepare(void)
{
	struct rlimit files, no_core = {0, 0};
	sigset_t signals;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(
		SIGXFSZ, SIG_IGN); /* then a file at its size limit is an error of the database, not the end of the process */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
	return signals;
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
