/*
 * One snapshot of script bytes: every file below some folders, read once. A generation of VMs runs from one snapshot,
 * so a save in the middle of a reload is never half seen.
 */
#ifndef PA_SNAPSHOT_H
#define PA_SNAPSHOT_H

#include "base/error.h"
#include "base/text.h"
#include "script/rooms.h"

struct pa_snapshot;

struct pa_script {
	const char *name; /* relative to its folder, with '/': "views/home.html" */
	const char *path; /* for messages: the folder as given, '/', name */
	struct pa_span bytes;
};

/*
 * Reads .lua, .html, .css, .js, .svg, .png, .ico, .txt, .json and .woff2 files below `folders[room]` (NULL: none),
 * skipping names that begin with '.' or end with '~' and links that lead out of the folder (SBX-03). At most 2,000
 * files and 32 MiB. NULL with code "scripts". Owned by the caller; references are counted.
 */
struct pa_snapshot *pa_snapshot_read(const char *const folders[PA_ROOMS], struct pa_error *error);
struct pa_snapshot *pa_snapshot_retain(struct pa_snapshot *snapshot);
void pa_snapshot_release(struct pa_snapshot *snapshot);

/* The file of that name, or NULL. Valid as long as the snapshot. */
const struct pa_script *pa_snapshot_find(const struct pa_snapshot *snapshot, enum pa_room_id room, const char *name);

/* The n-th file in name order, NULL past the end. */
const struct pa_script *pa_snapshot_at(const struct pa_snapshot *snapshot, enum pa_room_id room, size_t n);

#endif
