/* The inotify watches of folders. */
#include "script/watches.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "script/snapshot.h"
#include "script/tree.h"

enum {
	FOLDERS_MAX = 10000,
	LINKS_MAX = 40, /* of one path; the kernel follows no more either */
};

static const uint32_t NAMES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
static const uint32_t WRITES = IN_CLOSE_WRITE | IN_ATTRIB | IN_MODIFY;

/* What one watch is for. A watch may have several rows. */
struct watched {
	int wd;
	char *name; /* a part of the way to a file: only events of that name count; NULL: the folder or file itself */
	char *path; /* of the folder, when its files are read; NULL for others */
};

struct rows {
	struct watched *at;
	size_t count, size;
};

struct pa_watches {
	int fd;
	struct rows rows, before; /* `rows` is sorted by wd between pa_watches_end and pa_watches_begin */
	size_t folders;
	bool is_remote;
	char trouble[240];
};

static void free_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->at[i].name);
		free(rows->at[i].path);
	}
	free(rows->at);
	*rows = (struct rows){0};
}

/* What to do about a limit, by the error that the kernel gives. */
static void set_trouble(struct pa_watches *watches, int error)
{
	const char *advice = "";

	if (error == ENOSPC)
		advice = "; raise the limit: sysctl fs.inotify.max_user_watches=524288";
	else if (error == EMFILE)
		advice = "; raise the limit: sysctl fs.inotify.max_user_instances=512";
	if (!*watches->trouble)
		snprintf(watches->trouble, sizeof watches->trouble, "%s%s",
			error == ENOSPC   ? "this user has no inotify watch left"
			: error == EMFILE ? "this user has no inotify instance left, or the process no descriptor"
							  : strerror(error),
			advice);
}

struct pa_watches *pa_watches_open(void)
{
	struct pa_watches *watches = calloc(1, sizeof *watches);

	if (!watches)
		return NULL;
	watches->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watches->fd < 0)
		set_trouble(watches, errno);
	return watches;
}

int pa_watches_fd(const struct pa_watches *watches)
{
	return watches->fd;
}

/* Watches a folder or file, for one reason. -1 with errno when there is no such watch. */
static int add(struct pa_watches *watches, const char *path, uint32_t events, const char *name, bool is_read)
{
	struct rows *rows = &watches->rows;

	if (watches->fd < 0)
		return 0;
	int wd = inotify_add_watch(watches->fd, path, events | IN_MASK_ADD);
	if (wd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
			set_trouble(watches, errno);
		return -1;
	}
	if (rows->count == rows->size) {
		size_t size = rows->size ? rows->size * 2 : 32;
		struct watched *moved = realloc(rows->at, size * sizeof *moved);
		if (!moved)
			goto no_memory;
		rows->at = moved;
		rows->size = size;
	}
	struct watched *row = &rows->at[rows->count];
	*row = (struct watched){.wd = wd, .name = name ? strdup(name) : NULL, .path = is_read ? strdup(path) : NULL};
	rows->count++;
	if ((!name || row->name) && (!is_read || row->path))
		return 0;

no_memory:
	set_trouble(watches, ENOMEM);
	return -1;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Watches each part of the way to a path: the names in `from`, an absolute path without links, and so on below it; only
 * parts below `within`, unless that is NULL. `rest` has room for PATH_MAX bytes, and is used up. */
static void add_way(struct pa_watches *watches, const char *from, char *rest, const char *within)
{
	char at[PATH_MAX], below[PATH_MAX], target[PATH_MAX], part[NAME_MAX + 1];
	struct stat status;
	int links = 0;

	if (snprintf(at, sizeof at, "%s", strcmp(from, "/") == 0 ? "" : from) >= (int)sizeof at)
		return;
	for (;;) {
		char *begin = rest + strspn(rest, "/");
		size_t length = strcspn(begin, "/");
		if (length == 0 || length > NAME_MAX)
			return;
		memcpy(part, begin, length);
		part[length] = '\0';
		memmove(rest, begin + length, strlen(begin + length) + 1);
		if (strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			*(strrchr(at, '/') ? strrchr(at, '/') : at) = '\0';
			continue;
		}
		if (snprintf(below, sizeof below, "%s/%s", at, part) >= (int)sizeof below)
			return;
		bool is_found = lstat(below, &status) == 0, is_link = is_found && S_ISLNK(status.st_mode);
		if (!within || is_below(at, within)) {
			uint32_t events = NAMES | IN_ONLYDIR | (within ? WRITES : 0);
			if (add(watches, *at ? at : "/", events, part, false) < 0 && errno == EACCES && is_link)
				set_trouble(watches, EACCES);
		}
		if (!is_found)
			return;
		if (!is_link) {
			strcpy(at, below);
			continue;
		}
		ssize_t got = readlink(below, target, sizeof target - 1);
		if (got < 0 || ++links > LINKS_MAX)
			return;
		target[got] = '\0';
		if (snprintf(below, sizeof below, "%s/%s", target, rest) >= (int)sizeof below)
			return;
		strcpy(rest, below);
		if (*target == '/')
			*at = '\0';
	}
}

static bool is_remote(const char *path)
{
	static const uint32_t types[] = {
		0x6969,                                         /* nfs */
		0x01021997,                                     /* 9p: WSL's drives, virtual machines */
		0x65735546,                                     /* fuse and virtiofs: sshfs, folders of the desktop's host */
		0xff534d42, 0xfe534d42, 0x517b,                 /* cifs, smb2, smb */
		0x786f4256, 0xbacbacbc, 0x7c7c6673,             /* shared folders of VirtualBox, VMware and Parallels */
		0x53464846,                                     /* the first WSL's drives */
		0x00c36400, 0x5346414f, 0x73757245, 0x0bd00bd0, /* ceph, afs, coda, lustre */
	};
	struct statfs about;

	if (statfs(path, &about) < 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((uint32_t)about.f_type == types[i])
			return true;
	return false;
}

static int add_entry(void *context, const struct pa_tree_entry *entry)
{
	struct pa_watches *watches = context;
	char rest[PATH_MAX], around[PATH_MAX];
	bool is_elsewhere = entry->status->st_dev != entry->around->st_dev;

	if (entry->kind == PA_TREE_FOLDER) {
		if (watches->folders++ >= FOLDERS_MAX) {
			snprintf(watches->trouble, sizeof watches->trouble, "there are more than %d folders", FOLDERS_MAX);
			return 1;
		}
		add(watches, entry->path, NAMES | WRITES | IN_ONLYDIR, NULL, true);
		watches->is_remote |= (!*entry->name || is_elsewhere) && is_remote(entry->path);
	} else if (entry->kind == PA_TREE_LINK) {
		const char *name = strrchr(entry->path, '/') + 1;
		snprintf(around, sizeof around, "%.*s", (int)(name - 1 - entry->path), entry->path);
		snprintf(rest, sizeof rest, "%s", name);
		/* The folder that the link is in may itself be reached by a link. */
		char real[PATH_MAX];
		if (realpath(*around ? around : "/", real))
			add_way(watches, real, rest, entry->real_root);
	} else if (entry->kind == PA_TREE_FILE && is_elsewhere && pa_snapshot_reads(entry->name)) {
		/* A file that is mounted alone: what is written to it is an event of the folder that it comes from. */
		add(watches, entry->path, WRITES, NULL, false);
		watches->is_remote |= is_remote(entry->path);
	}
	return 0;
}

bool pa_watches_add(struct pa_watches *watches, const char *folder)
{
	char rest[PATH_MAX], standing[PATH_MAX] = "/";

	if (*folder != '/' && !getcwd(standing, sizeof standing))
		return false;
	snprintf(rest, sizeof rest, "%s", folder);
	add_way(watches, "/", *folder == '/' ? rest : standing, NULL);
	if (*folder != '/')
		add_way(watches, getcwd(standing, sizeof standing) ? standing : "/", rest, NULL);
	return pa_tree_walk(folder, add_entry, watches) >= 0;
}

void pa_watches_begin(struct pa_watches *watches)
{
	free_rows(&watches->before);
	watches->before = watches->rows;
	watches->rows = (struct rows){0};
	watches->folders = 0;
	watches->is_remote = false;
	if (watches->fd >= 0)
		watches->trouble[0] = '\0';
}

static int by_wd(const void *a, const void *b)
{
	const struct watched *one = a, *other = b;

	return (one->wd > other->wd) - (one->wd < other->wd);
}

/* The first row of a watch; NULL for one that was dropped. */
static const struct watched *find(const struct pa_watches *watches, int wd)
{
	const struct rows *rows = &watches->rows;
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rows->at[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->count && rows->at[low].wd == wd ? &rows->at[low] : NULL;
}

void pa_watches_end(struct pa_watches *watches)
{
	struct rows *rows = &watches->rows;

	if (rows->count > 0)
		qsort(rows->at, rows->count, sizeof *rows->at, by_wd);
	for (size_t i = 0; i < watches->before.count; i++) {
		int wd = watches->before.at[i].wd;
		if ((i == 0 || watches->before.at[i - 1].wd != wd) && !find(watches, wd))
			inotify_rm_watch(watches->fd, wd);
	}
	free_rows(&watches->before);
}

static bool is_link(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path && lstat(path, &status) == 0 &&
		   S_ISLNK(status.st_mode);
}

/* Whether an event in a folder whose files are read matters. Files that editors make for themselves are ignored, and so
 * is what happens to files that are not read, such as a log or a database's journal. */
static bool matters(const struct inotify_event *event, const char *folder, bool *moved)
{
	if (pa_tree_skips(event->name))
		return false;
	bool is_new_link = event->mask & (IN_CREATE | IN_MOVED_TO) && is_link(folder, event->name);
	if (event->mask & IN_ISDIR || is_new_link)
		*moved = true;
	return event->mask & IN_ISDIR || is_new_link || pa_snapshot_may_read(event->name);
}

static bool judge(const struct pa_watches *watches, const struct inotify_event *event, bool *moved)
{
	bool does_matter = false;

	if (event->mask & IN_Q_OVERFLOW)
		return *moved = true;
	const struct watched *end = watches->rows.at + watches->rows.count, *row = find(watches, event->wd);
	if (event->mask & IN_IGNORED)
		return false;
	for (; row && row < end && row->wd == event->wd; row++) {
		if (event->len == 0) {
			*moved |= (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)) != 0;
			does_matter = true;
		} else if (row->name && strcmp(row->name, event->name) == 0) {
			does_matter = *moved = true;
		} else if (row->path) {
			does_matter |= matters(event, row->path, moved);
		}
	}
	return does_matter;
}

bool pa_watches_read(struct pa_watches *watches, bool *moved)
{
	_Alignas(struct inotify_event) char bytes[16384];
	bool does_matter = false;
	ssize_t length;

	*moved = false;
	while (watches->fd >= 0 && (length = read(watches->fd, bytes, sizeof bytes)) > 0) {
		for (char *at = bytes; at < bytes + length;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			at += sizeof *event + event->len;
			does_matter |= judge(watches, event, moved);
		}
	}
	return does_matter;
}

const char *pa_watches_trouble(const struct pa_watches *watches)
{
	return watches->trouble;
}

bool pa_watches_are_remote(const struct pa_watches *watches)
{
	return watches->is_remote;
}

void pa_watches_close(struct pa_watches *watches)
{
	if (!watches)
		return;
	if (watches->fd >= 0)
		close(watches->fd);
	free_rows(&watches->rows);
	free_rows(&watches->before);
	free(watches);
}
