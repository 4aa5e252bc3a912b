/* Walks a folder of scripts. */
#include "script/tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

struct walk {
	char real_root[PATH_MAX];
	int (*visit)(void *, const struct pa_tree_entry *);
	void *context;
	const struct stat *above[DEPTH_MAX + 1]; /* the folders from the walked one down to the present one */
};

bool pa_tree_skips(const char *name)
{
	size_t length = strlen(name);

	return length == 0 || name[0] == '.' || name[length - 1] == '~' || strcmp(name, "node_modules") == 0;
}

static int visit(const struct walk *walk, enum pa_tree_kind kind, const char *name, const char *path,
	const struct stat *status, const struct stat *around)
{
	const struct pa_tree_entry entry = {
		.kind = kind, .name = name, .path = path, .real_root = walk->real_root, .status = status, .around = around};

	return walk->visit(walk->context, &entry);
}

static bool stays_inside(const struct walk *walk, const char *path)
{
	char real[PATH_MAX];
	size_t length = strcmp(walk->real_root, "/") == 0 ? 0 : strlen(walk->real_root);

	return realpath(path, real) && strncmp(real, walk->real_root, length) == 0 && real[length] == '/';
}

/* A link to a folder above would make folders without end. */
static bool is_above(const struct walk *walk, const struct stat *status, int depth)
{
	for (int i = 0; i <= depth; i++)
		if (walk->above[i]->st_ino == status->st_ino && walk->above[i]->st_dev == status->st_dev)
			return true;
	return false;
}

static int walk_folder(struct walk *walk, const char *below, const char *folder, const struct stat *status, int depth);

static int walk_entry(struct walk *walk, const char *name, const char *path, int depth)
{
	const struct stat *around = walk->above[depth];
	struct stat status;

	/* Only links are resolved, for realpath asks for each part of a path: 2 of 5 ms for the library. */
	if (lstat(path, &status) < 0)
		return 0;
	if (S_ISLNK(status.st_mode)) {
		int result = visit(walk, PA_TREE_LINK, name, path, &status, around);
		if (result != 0)
			return result;
		if (!stays_inside(walk, path) || stat(path, &status) < 0)
			return 0;
	}
	if (S_ISREG(status.st_mode))
		return visit(walk, PA_TREE_FILE, name, path, &status, around);
	if (!S_ISDIR(status.st_mode) || depth >= DEPTH_MAX || is_above(walk, &status, depth))
		return 0;
	return walk_folder(walk, name, path, &status, depth + 1);
}

static int walk_folder(struct walk *walk, const char *below, const char *folder, const struct stat *status, int depth)
{
	const struct stat *around = depth > 0 ? walk->above[depth - 1] : status;
	char path[PATH_MAX], name[PATH_MAX];
	const struct dirent *entry;
	int result = visit(walk, PA_TREE_FOLDER, below, folder, status, around);

	if (result != 0)
		return result;
	DIR *entries = opendir(folder);
	if (!entries) {
		if (depth == 0)
			return -1;
		return errno == ENOENT ? 0 : visit(walk, PA_TREE_UNREADABLE, below, folder, status, around);
	}
	walk->above[depth] = status;
	while (result == 0 && (entry = readdir(entries))) {
		if (pa_tree_skips(entry->d_name))
			continue;
		if (snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name) < (int)sizeof name &&
			snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path)
			result = walk_entry(walk, name, path, depth);
	}
	closedir(entries);
	walk->above[depth] = NULL;
	return result;
}

int pa_tree_walk(const char *folder, int (*call)(void *, const struct pa_tree_entry *), void *context)
{
	struct walk walk = {.visit = call, .context = context};
	struct stat status;

	if (!realpath(folder, walk.real_root) || stat(walk.real_root, &status) < 0)
		return -1;
	return walk_folder(&walk, "", walk.real_root, &status, 0);
}
