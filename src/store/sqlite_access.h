/* What an app's statement may use. Never raises. */
#ifndef PA_SQLITE_ACCESS_H
#define PA_SQLITE_ACCESS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/text.h"

struct pa_sqlite_access {
	bool guarded; /* the statement that is prepared or runs is an app's */
	bool defines; /* the guarded statement that was prepared makes or alters a table */
};

/* SQLite's authorizer; the context is a struct pa_sqlite_access. */
int pa_sqlite_access_authorize(
	void *context, int action, const char *first, const char *second, const char *database, const char *trigger);

/* Whether SQL that makes or alters a table gives it a name of the library, or refers to one of the library's: SQLite
 * tells its authorizer neither. */
bool pa_sqlite_access_names_library(struct pa_span sql);

#endif
