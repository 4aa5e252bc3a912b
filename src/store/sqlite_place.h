/* Whether the files of a database are still where they were opened. SQLite writes on into files that were deleted or
 * replaced, and what it writes is gone at the next start. Any thread, never raises. */
#ifndef PA_SQLITE_PLACE_H
#define PA_SQLITE_PLACE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/error.h"

/* 0, or -1 with code "database" when the file was deleted, moved or replaced, or when its write-ahead log has another
 * inode than *log, which is 0 before SQLite has made the log: then it is filled in. Cheap: looks at the names of both.
 */
int pa_sqlite_place_check(sqlite3 *handle, const char *path, ino_t *log, struct pa_error *error);

#endif
