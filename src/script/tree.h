/*
 * Walks a folder of scripts. What is entered is decided here alone, for reading (script/snapshot) and for watching
 * (script/watches): not names that begin with '.' or end with '~', not node_modules, not links that lead out of the
 * folder or back to a folder that is being walked. Any thread, never raises.
 */
#ifndef PA_TREE_H
#define PA_TREE_H

#include <stdbool.h>
#include <sys/stat.h>

enum pa_tree_kind {
	PA_TREE_FOLDER,     /* before what is in it; the first is the walked folder itself */
	PA_TREE_FILE,       /* a regular file */
	PA_TREE_LINK,       /* before what it leads to, which is a further entry unless it leads nowhere or out */
	PA_TREE_UNREADABLE, /* a folder whose entries cannot be read: errno says why */
};

struct pa_tree_entry {
	enum pa_tree_kind kind;
	const char *name;          /* relative to the walked folder, with '/'; "" is that folder */
	const char *path;          /* the walked folder without links, '/', name */
	const char *real_root;     /* the walked folder without links */
	const struct stat *status; /* of what a link leads to; of the link itself for PA_TREE_LINK */
	const struct stat *around; /* of the folder that it is in; its own for the walked folder */
};

/* Calls call(context, entry) for each entry; a return other than 0 ends the walk with it. Also -1 with errno when the
 * folder itself cannot be found or read. */
int pa_tree_walk(const char *folder, int (*call)(void *, const struct pa_tree_entry *), void *context);

/* Whether an entry of that name is passed over. */
bool pa_tree_skips(const char *name);

#endif
