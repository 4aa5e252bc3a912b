/* inotify for folders that may appear, disappear and be replaced. */
#include "script/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "script/snapshot.h"

enum {
	QUIET_MS = 50,
	LATEST_MS = 500,
	RETRY_MS = 1000, /* between two looks for a missing folder */
	DEPTH_MAX = 16,
	FOLDERS_MAX = 10000, /* links to a folder above make many folders of a few */
};

static const uint32_t EVENTS = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
							   IN_MOVE_SELF | IN_ATTRIB | IN_MODIFY | IN_ONLYDIR;

struct pa_watch {
	int fd;
	char **folders;
	bool *missing;
	size_t count, followed;
	int64_t first_ms, last_ms; /* of the changes since the last reload was due; 0: none */
};

/* Watches a folder and those below it. False when the folder itself is missing. */
static bool follow(struct pa_watch *watch, const char *path, int depth)
{
	struct dirent *entry;
	char below[PATH_MAX];

	if (watch->followed++ >= FOLDERS_MAX)
		return true;
	if (inotify_add_watch(watch->fd, path, EVENTS) < 0 && errno != ENOSPC)
		return false;
	DIR *folder = opendir(path);
	if (!folder)
		return false;
	while ((entry = readdir(folder))) {
		struct stat status;
		if (entry->d_name[0] == '.' || depth >= DEPTH_MAX)
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below &&
			stat(below, &status) == 0 && S_ISDIR(status.st_mode))
			follow(watch, below, depth + 1);
	}
	closedir(folder);
	return true;
}

/* Watches all folders again, for new and replaced ones and after an overflow: adding a watch twice is harmless. */
static void follow_all(struct pa_watch *watch)
{
	watch->followed = 0;
	for (size_t i = 0; i < watch->count; i++)
		watch->missing[i] = !follow(watch, watch->folders[i], 0);
}

struct pa_watch *pa_watch_open(const char *const *folders, size_t count, struct pa_error *error)
{
	struct pa_watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		goto no_memory;
	watch->fd = -1;
	watch->folders = calloc(count + 1, sizeof *watch->folders);
	watch->missing = calloc(count + 1, sizeof *watch->missing);
	if (!watch->folders || !watch->missing)
		goto no_memory;
	for (size_t i = 0; i < count; i++) {
		if (!folders[i])
			continue;
		watch->folders[watch->count] = strdup(folders[i]);
		if (!watch->folders[watch->count++])
			goto no_memory;
	}
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		pa_error_set(error, "watch", "cannot watch the scripts: %s", strerror(errno));
		pa_watch_close(watch);
		return NULL;
	}
	follow_all(watch);
	return watch;

no_memory:
	pa_error_set(error, "watch", "not enough memory");
	pa_watch_close(watch);
	return NULL;
}

int pa_watch_fd(const struct pa_watch *watch)
{
	return watch->fd;
}

/* Files that editors make for themselves are ignored. So is what is written to a file that is not read, such as a log:
 * each reload may add a line to it. A new name counts, for it may be a link to a folder. */
static bool matters(const struct inotify_event *event)
{
	const uint32_t writes = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
	size_t length = event->len ? strlen(event->name) : 0;

	if (length == 0)
		return true;
	if (event->name[0] == '.' || event->name[length - 1] == '~')
		return false;
	return event->mask & IN_ISDIR || !(event->mask & writes) || pa_snapshot_may_read(event->name);
}

/* Reads the events. True when folders may have appeared or disappeared. */
static bool read_events(struct pa_watch *watch)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool folders_changed = false;
	ssize_t length;

	while ((length = read(watch->fd, bytes, sizeof bytes)) > 0) {
		for (char *at = bytes; at < bytes + length;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			at += sizeof *event + event->len;
			if (event->mask & IN_IGNORED || !matters(event))
				continue;
			folders_changed |=
				(event->mask & (IN_ISDIR | IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)) != 0;
			watch->last_ms = pa_clock_ms();
			if (watch->first_ms == 0)
				watch->first_ms = watch->last_ms;
		}
	}
	return folders_changed;
}

static bool any_missing(const struct pa_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->missing[i])
			return true;
	return false;
}

bool pa_watch_settle(struct pa_watch *watch, int *wait_ms)
{
	bool was_missing = any_missing(watch);

	if (read_events(watch) || was_missing)
		follow_all(watch);
	if (was_missing && !any_missing(watch)) {
		watch->last_ms = pa_clock_ms();
		if (watch->first_ms == 0)
			watch->first_ms = watch->last_ms;
	}
	*wait_ms = any_missing(watch) ? RETRY_MS : -1;
	if (watch->first_ms == 0)
		return false;
	int64_t now = pa_clock_ms();
	int64_t due = watch->last_ms + QUIET_MS;
	if (due > watch->first_ms + LATEST_MS)
		due = watch->first_ms + LATEST_MS;
	if (now < due) {
		*wait_ms = (int)(due - now);
		return false;
	}
	watch->first_ms = watch->last_ms = 0;
	return true;
}

bool pa_watch_is_pending(const struct pa_watch *watch)
{
	return watch->first_ms != 0;
}

bool pa_watch_is_blind(const struct pa_watch *watch)
{
	return any_missing(watch);
}

void pa_watch_close(struct pa_watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	for (size_t i = 0; i < watch->count; i++)
		free(watch->folders[i]);
	free(watch->folders);
	free(watch->missing);
	free(watch);
}
