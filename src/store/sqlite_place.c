/* Compares the files that SQLite has open with those that have their names. */
#include "store/sqlite_place.h"

#include <stdio.h>
#include <sys/stat.h>

static ino_t log_of(const char *path)
{
	char log[4096];
	struct stat status;

	snprintf(log, sizeof log, "%s-wal", path);
	return stat(log, &status) == 0 ? status.st_ino : 0;
}

int pa_sqlite_place_check(sqlite3 *handle, const char *path, ino_t *log, struct pa_error *error)
{
	int moved = 0;
	ino_t now = log_of(path);

	sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (*log == 0)
		*log = now;
	if (!moved && now == *log)
		return 0;
	return pa_error_set(error, "database",
		"the database file %s or its -wal file was deleted, moved or replaced, so nothing can be saved: put it back, "
		"or "
		"restart to begin with what is there",
		path);
}
