/*
 * One snapshot of script bytes: every file below some folders, read once. A generation of VMs runs from one snapshot,
 * so a save in the middle of a reload is never half seen.
 */
#ifndef PA_SCRIPTS_H
#define PA_SCRIPTS_H

#include "error.h"
#include "message.h"

struct pa_scripts;

struct pa_script {
	const char *name; /* relative to its folder, with '/': "views/home.html" */
	const char *path; /* for messages: the folder as given, '/', name */
	struct pa_span bytes;
};

/*
 * What a folder holds, and which modules are found there: "cli.x" is x.lua of the command line's folder, "partnerapp.x"
 * of the library's, any other of the app's. The first two may use native.*, an app may not.
 */
enum pa_scripts_kind { PA_SCRIPTS_APP, PA_SCRIPTS_LIBRARY, PA_SCRIPTS_CLI, PA_SCRIPTS_KINDS };

/*
 * Reads .lua, .html, .css, .js, .svg, .png, .ico, .txt, .json and .woff2 files below `folders[kind]` (NULL: none),
 * skipping names that begin with '.' or end with '~' and links that lead out of the folder (SBX-03). At most 2,000
 * files and 32 MiB. NULL with code "scripts". Owned by the caller; references are counted.
 */
struct pa_scripts *pa_scripts_read(const char *const folders[PA_SCRIPTS_KINDS], struct pa_error *error);
struct pa_scripts *pa_scripts_retain(struct pa_scripts *scripts);
void pa_scripts_release(struct pa_scripts *scripts);

/* The file of that name, or NULL. Valid as long as the snapshot. */
const struct pa_script *pa_scripts_find(const struct pa_scripts *scripts, enum pa_scripts_kind kind, const char *name);

/* The n-th file in name order, NULL past the end. */
const struct pa_script *pa_scripts_at(const struct pa_scripts *scripts, enum pa_scripts_kind kind, size_t n);

#endif
