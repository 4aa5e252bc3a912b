/* When a change of files is to be read. */
#include "script/watch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "script/snapshot.h"
#include "script/tree.h"
#include "script/watches.h"

enum {
	QUIET_MS = 50,
	LATEST_MS = 500,
	LOOK_MS = 1000, /* between two looks, for a missing folder or at the files */
};

struct pa_watch {
	struct pa_watches *watches;
	char *server; /* or NULL */
	char **folders;
	bool *missing;
	size_t count;
	bool looks, has_told;
	uint64_t print;            /* of the files when they were looked at last; 0: not yet, or too early to tell */
	int64_t first_ms, last_ms; /* of the changes since the last reload was due; 0: none */
};

static void count_change(struct pa_watch *watch)
{
	watch->last_ms = pa_clock_ms();
	if (watch->first_ms == 0)
		watch->first_ms = watch->last_ms;
}

/* Looking */

/* FNV-1a, over words: of what a write or another file in its place changes. */
static uint64_t add_to_print(uint64_t print, uint64_t word)
{
	return (print ^ word) * 0x100000001b3U;
}

static uint64_t print_of_file(const char *name, const struct stat *status)
{
	uint64_t print = 0xcbf29ce484222325U;

	for (; *name; name++)
		print = add_to_print(print, (unsigned char)*name);
	print = add_to_print(print, (uint64_t)status->st_dev);
	print = add_to_print(print, (uint64_t)status->st_ino);
	print = add_to_print(print, (uint64_t)status->st_mode);
	print = add_to_print(print, (uint64_t)status->st_size);
	print = add_to_print(print, (uint64_t)status->st_mtim.tv_sec);
	print = add_to_print(print, (uint64_t)status->st_mtim.tv_nsec);
	print = add_to_print(print, (uint64_t)status->st_ctim.tv_sec);
	return add_to_print(print, (uint64_t)status->st_ctim.tv_nsec);
}

static int add_entry(void *context, const struct pa_tree_entry *entry)
{
	uint64_t *print = context;

	/* The sum, for a folder may give its entries in another order. */
	if (entry->kind == PA_TREE_FILE && pa_snapshot_reads(entry->name))
		*print += print_of_file(entry->name, entry->status);
	return 0;
}

static uint64_t print_of(const struct pa_watch *watch)
{
	uint64_t print = 1;

	for (size_t i = 0; i < watch->count; i++)
		if (pa_tree_walk(watch->folders[i], add_entry, &print) < 0)
			print++;
	return print ? print : 1;
}

static void look(struct pa_watch *watch)
{
	uint64_t print = print_of(watch);

	if (print != watch->print)
		count_change(watch);
	watch->print = print;
}

/* Says once why changes would be missed. */
static void tell(struct pa_watch *watch)
{
	const char *trouble = pa_watches_trouble(watch->watches);

	watch->looks = *trouble || pa_watches_are_remote(watch->watches);
	if (!watch->looks || watch->has_told)
		return;
	watch->has_told = true;
	if (*trouble)
		pa_log(PA_LOG_WARN, watch->server, NULL,
			"the scripts cannot be watched: they are looked at every second instead", "error", trouble, NULL);
	else
		pa_log(PA_LOG_INFO, watch->server, NULL,
			"the scripts are on a network or shared file system: they are looked at every second too", NULL);
}

/* Watches all folders again, for new and replaced ones and after lost events. */
static void follow(struct pa_watch *watch)
{
	pa_watches_begin(watch->watches);
	for (size_t i = 0; i < watch->count; i++)
		watch->missing[i] = !pa_watches_add(watch->watches, watch->folders[i]);
	pa_watches_end(watch->watches);
	tell(watch);
}

struct pa_watch *pa_watch_open(const char *const *folders, size_t count, const char *server, struct pa_error *error)
{
	struct pa_watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		goto no_memory;
	watch->watches = pa_watches_open();
	watch->folders = calloc(count + 1, sizeof *watch->folders);
	watch->missing = calloc(count + 1, sizeof *watch->missing);
	watch->server = server ? strdup(server) : NULL;
	if (!watch->watches || !watch->folders || !watch->missing || (server && !watch->server))
		goto no_memory;
	for (size_t i = 0; i < count; i++) {
		if (!folders[i])
			continue;
		watch->folders[watch->count] = strdup(folders[i]);
		if (!watch->folders[watch->count++])
			goto no_memory;
	}
	follow(watch);
	if (watch->looks)
		watch->print = print_of(watch);
	return watch;

no_memory:
	pa_error_set(error, "watch", "not enough memory");
	pa_watch_close(watch);
	return NULL;
}

int pa_watch_fd(const struct pa_watch *watch)
{
	return pa_watches_fd(watch->watches);
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
	bool was_missing = any_missing(watch), has_moved;

	if (pa_watches_read(watch->watches, &has_moved))
		count_change(watch);
	if (has_moved || was_missing)
		follow(watch);
	if (was_missing && !any_missing(watch))
		count_change(watch);
	if (watch->looks)
		look(watch);
	*wait_ms = pa_watch_is_blind(watch) ? LOOK_MS : -1;
	if (watch->first_ms == 0)
		return false;
	int64_t now = pa_clock_ms();
	int64_t due = watch->last_ms + QUIET_MS;
	if (due > watch->first_ms + LATEST_MS) {
		due = watch->first_ms + LATEST_MS;
		watch->print = 0; /* a write within the same tick of the file's clock is not to be missed */
	}
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
	return watch->looks || any_missing(watch);
}

void pa_watch_close(struct pa_watch *watch)
{
	if (!watch)
		return;
	pa_watches_close(watch->watches);
	for (size_t i = 0; i < watch->count; i++)
		free(watch->folders[i]);
	free(watch->folders);
	free(watch->missing);
	free(watch->server);
	free(watch);
}
