/* Reads the files of folders into memory. */
#include "script/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/media.h"

enum {
	FILES_MAX = 2000,
	BYTES_MAX = 32 << 20,
	DEPTH_MAX = 16,
};

struct list {
	struct pa_script *scripts;
	size_t count, size;
};

struct pa_snapshot {
	atomic_uint references;
	int64_t read_ns;
	struct list rooms[PA_ROOMS];
};

/* One reading of one folder. */
struct reading {
	const char *root;         /* as given */
	char real_root[PATH_MAX]; /* without links */
	struct list *into;
	size_t files, bytes; /* over all folders */
	struct pa_error *error;
};

static bool is_static(const char *name)
{
	return strncmp(name, "static/", strlen("static/")) == 0;
}

bool pa_snapshot_reads(const char *name)
{
	static const char *const endings[] = {
		".lua", ".html", ".css", ".js", ".svg", ".png", ".ico", ".txt", ".json", ".woff2"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
		if (strcmp(dot, endings[i]) == 0)
			return true;
	return is_static(name) && pa_media_type(name);
}

bool pa_snapshot_may_read(const char *name)
{
	return pa_snapshot_reads(name) || pa_media_type(name);
}

static bool stays_inside(const struct reading *reading, const char *path)
{
	char real[PATH_MAX];
	size_t length = strlen(reading->real_root);

	return realpath(path, real) && strncmp(real, reading->real_root, length) == 0 && real[length] == '/';
}

/* The mode of a file or folder; 0 when there is none to read. A link may point only inside the folder of its room
 * (SBX-03). Only links are resolved, for realpath asks for each part of a path: 2 of 5 ms for the library. */
static mode_t mode_of(const struct reading *reading, const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return 0;
	if (S_ISLNK(status.st_mode) && (!stays_inside(reading, path) || stat(path, &status) < 0))
		return 0;
	return status.st_mode;
}

/* For errno. -1. */
static int cannot_read(struct pa_error *error, const char *path)
{
	const char *code = errno == ENOMEM ? "memory" : "scripts";

	return pa_error_set(error, code, "cannot read %s: %s", path, strerror(errno));
}

static int read_bytes(int fd, size_t size, char **bytes, size_t *length)
{
	*bytes = malloc(size + 1);
	*length = 0;
	if (!*bytes)
		return -1;
	while (*length < size) {
		ssize_t got = read(fd, *bytes + *length, size - *length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break; /* the file became shorter meanwhile: its change event causes another reading */
		*length += (size_t)got;
	}
	(*bytes)[*length] = '\0';
	return 0;
}

/* Takes over `bytes`. */
static int append(
	struct reading *reading, const char *name, const char *path, struct pa_span bytes, const struct timespec *saved)
{
	struct list *list = reading->into;

	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 32;
		struct pa_script *moved = realloc(list->scripts, size * sizeof *moved);
		if (!moved) {
			free((void *)(uintptr_t)bytes.at);
			return -1;
		}
		list->scripts = moved;
		list->size = size;
	}
	struct pa_script *script = &list->scripts[list->count];
	*script = (struct pa_script){.name = strdup(name),
		.path = strdup(path),
		.bytes = bytes,
		.saved_ns = (int64_t)saved->tv_sec * 1000000000 + saved->tv_nsec};
	list->count++;
	return script->name && script->path ? 0 : -1;
}

static int read_file(struct reading *reading, const char *name, const char *path)
{
	struct stat status;
	char *bytes = NULL;
	size_t length = 0;
	int result = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : cannot_read(reading->error, path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		goto out;
	if (is_static(name) && status.st_size > PA_SNAPSHOT_STATIC_MAX) /* `partnerapp check` tells of it */
		goto out;
	reading->files++;
	reading->bytes += (size_t)status.st_size;
	if (reading->files > FILES_MAX || reading->bytes > BYTES_MAX) {
		result = pa_error_set(reading->error, "scripts",
			"%s has more than %d files or 32 MiB: large files belong elsewhere", reading->root, FILES_MAX);
		goto out;
	}
	if (read_bytes(fd, (size_t)status.st_size, &bytes, &length) < 0) {
		result = cannot_read(reading->error, path);
		free(bytes);
	} else if (append(reading, name, path, (struct pa_span){bytes, pa_encoding_clean(name, bytes, length)},
				   &status.st_mtim) < 0) {
		result = pa_error_set(reading->error, "memory", "not enough memory");
	}
out:
	close(fd);
	return result;
}

static int read_folder(struct reading *reading, const char *below, int depth)
{
	char path[PATH_MAX], name[PATH_MAX];
	struct dirent *entry;
	int result = 0;

	snprintf(path, sizeof path, "%s%s%s", reading->root, *below ? "/" : "", below);
	DIR *folder = opendir(path);
	if (!folder)
		return cannot_read(reading->error, path);
	while (result == 0 && (entry = readdir(folder))) {
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || entry->d_name[length - 1] == '~')
			continue;
		if (snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name) >= (int)sizeof name ||
			snprintf(path, sizeof path, "%s/%s", reading->root, name) >= (int)sizeof path)
			continue;
		mode_t mode = mode_of(reading, path);
		if (S_ISDIR(mode) && depth < DEPTH_MAX)
			result = read_folder(reading, name, depth + 1);
		else if (S_ISREG(mode) && pa_snapshot_reads(name))
			result = read_file(reading, name, path);
	}
	closedir(folder);
	return result;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pa_script *)a)->name, ((const struct pa_script *)b)->name);
}

static void free_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free((void *)(uintptr_t)list->scripts[i].name);
		free((void *)(uintptr_t)list->scripts[i].path);
		free((void *)(uintptr_t)list->scripts[i].bytes.at);
		free(atomic_load(&list->scripts[i].compiled));
	}
	free(list->scripts);
}

struct pa_snapshot *pa_snapshot_read(const char *const folders[PA_ROOMS], struct pa_error *error)
{
	struct pa_snapshot *snapshot = calloc(1, sizeof *snapshot);
	struct reading reading = {.error = error};

	if (!snapshot) {
		pa_error_set(error, "memory", "not enough memory");
		return NULL;
	}
	atomic_init(&snapshot->references, 1);
	snapshot->read_ns = pa_clock_wall_ns();
	for (int room = 0; room < PA_ROOMS; room++) {
		if (!folders[room])
			continue;
		reading.root = folders[room];
		reading.into = &snapshot->rooms[room];
		if (!realpath(folders[room], reading.real_root)) {
			cannot_read(error, folders[room]);
			goto failed;
		}
		if (read_folder(&reading, "", 0) < 0)
			goto failed;
		if (reading.into->count > 0)
			qsort(reading.into->scripts, reading.into->count, sizeof *reading.into->scripts, by_name);
	}
	return snapshot;

failed:
	pa_snapshot_release(snapshot);
	return NULL;
}

int64_t pa_snapshot_read_ns(const struct pa_snapshot *snapshot)
{
	return snapshot->read_ns;
}

struct pa_snapshot *pa_snapshot_retain(struct pa_snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->references, 1);
	return snapshot;
}

void pa_snapshot_release(struct pa_snapshot *snapshot)
{
	if (atomic_fetch_sub(&snapshot->references, 1) != 1)
		return;
	for (int room = 0; room < PA_ROOMS; room++)
		free_list(&snapshot->rooms[room]);
	free(snapshot);
}

const struct pa_script *pa_snapshot_find(const struct pa_snapshot *snapshot, enum pa_room_id room, const char *name)
{
	const struct list *list = &snapshot->rooms[room];
	struct pa_script key = {.name = name};

	return list->count ? bsearch(&key, list->scripts, list->count, sizeof key, by_name) : NULL;
}

void pa_snapshot_keep(const struct pa_script *script, struct pa_compiled *compiled)
{
	struct pa_compiled *none = NULL;
	struct pa_script *own = (struct pa_script *)(uintptr_t)script; /* the snapshot's */

	if (!atomic_compare_exchange_strong(&own->compiled, &none, compiled))
		free(compiled);
}

const struct pa_script *pa_snapshot_at(const struct pa_snapshot *snapshot, enum pa_room_id room, size_t n)
{
	return n < snapshot->rooms[room].count ? &snapshot->rooms[room].scripts[n] : NULL;
}
