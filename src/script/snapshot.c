/* Reads the files of folders into memory. */
#include "script/snapshot.h"

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
#include "base/log.h"
#include "base/media.h"
#include "script/tree.h"

enum {
	FILES_MAX = 2000,
	BYTES_MAX = 32 << 20,
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
	const char *root; /* as given */
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

/* For errno, about something without which the scripts may well run. 0. */
static int leave_out(const struct reading *reading, const char *name)
{
	pa_log(PA_LOG_WARN, NULL, NULL, "cannot be read, and is left out", "name", name, "folder", reading->root, "error",
		strerror(errno), NULL);
	return 0;
}

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), its = strlen(ending);

	return length >= its && strcmp(name + length - its, ending) == 0;
}

static int read_file(struct reading *reading, const struct pa_tree_entry *entry)
{
	const char *name = entry->name;
	char path[PATH_MAX]; /* for messages: a release link is named, not the release */
	struct stat status;
	char *bytes = NULL;
	size_t length = 0;
	int result = 0, fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (snprintf(path, sizeof path, "%s/%s", reading->root, name) >= (int)sizeof path)
		goto out;
	if (fd < 0 && errno == EACCES && !ends_with(name, ".lua") && !ends_with(name, ".html"))
		return leave_out(reading, name);
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
	if (fd >= 0)
		close(fd);
	return result;
}

/* 1 when a file cannot be read, which is in reading->error then. */
static int read_entry(void *context, const struct pa_tree_entry *entry)
{
	struct reading *reading = context;

	if (entry->kind == PA_TREE_UNREADABLE)
		return leave_out(reading, entry->name);
	return entry->kind == PA_TREE_FILE && pa_snapshot_reads(entry->name) && read_file(reading, entry) < 0;
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
		int result = pa_tree_walk(folders[room], read_entry, &reading);
		if (result < 0)
			cannot_read(error, folders[room]);
		if (result != 0)
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
