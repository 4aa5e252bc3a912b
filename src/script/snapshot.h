/*
 * A snapshot: the bytes of all script files, read once. All VMs of a generation are made from one snapshot, so that a
 * save during a reload cannot mix versions. Counted by reference; any thread may read, retain and release. Never
 * raises.
 */
#ifndef PA_SNAPSHOT_H
#define PA_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "script/rooms.h"

struct pa_snapshot;
struct pa_compiled;

struct pa_script {
	const char *name;                     /* relative to its folder, with '/': "views/home.html" */
	const char *path;                     /* for messages: the folder as given, '/', name */
	struct pa_span bytes;                 /* also ended by NUL; of a script or view see pa_encoding_clean */
	int64_t saved_ns;                     /* when the file was last written, on the wall clock */
	struct pa_compiled *_Atomic compiled; /* for pa_snapshot_keep */
};

/* A script in Lua's binary form, made by one VM for those after it. */
struct pa_compiled {
	size_t length;
	char bytes[];
};

/*
 * Reads .lua, .html, .css, .js, .svg, .png, .ico, .txt, .json and .woff2 files below `folders[room]` (NULL: none), and
 * those below static/ whose ending has a media type (base/media), up to PA_SNAPSHOT_STATIC_MAX bytes each.
 * What is entered: script/tree, which keeps links inside the folder (SBX-03). Of what may not be read, all but scripts
 * and views is left out and logged. At most 2,000 files and 32 MiB. The caller gets the first reference. NULL with code
 * "scripts" or "memory".
 */
struct pa_snapshot *pa_snapshot_read(const char *const folders[PA_ROOMS], struct pa_error *error);

enum { PA_SNAPSHOT_STATIC_MAX = 16 << 20 }; /* half of a VM's memory: a file that is served is a string there */

/* Whether a file is read, by its name relative to its folder; whether one may be, by the last part of its name alone.
 */
bool pa_snapshot_reads(const char *name);
bool pa_snapshot_may_read(const char *name);

/* When the reading began, in nanoseconds on the wall clock: each snapshot has another. */
int64_t pa_snapshot_read_ns(const struct pa_snapshot *snapshot);

/* Adds a reference, and returns the snapshot; releases one, and frees the snapshot with the last. */
struct pa_snapshot *pa_snapshot_retain(struct pa_snapshot *snapshot);
void pa_snapshot_release(struct pa_snapshot *snapshot);

/* The file of that name, or NULL. Valid while the caller has a reference. */
const struct pa_script *pa_snapshot_find(const struct pa_snapshot *snapshot, enum pa_room_id room, const char *name);

/* Gives a script its binary form; frees it when another thread was faster. It is script->compiled from then on, and
 * valid as the script is. */
void pa_snapshot_keep(const struct pa_script *script, struct pa_compiled *compiled);

/* A file by its number in the order of names, from 0; NULL past the end. */
const struct pa_script *pa_snapshot_at(const struct pa_snapshot *snapshot, enum pa_room_id room, size_t n);

#endif
