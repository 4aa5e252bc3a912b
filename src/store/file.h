/* Prepares the file of a database, before its library opens it. Any thread. Never raises. */
#ifndef PA_FILE_H
#define PA_FILE_H

#include "base/error.h"

/* Makes the file (0600) and its folders (0700) when absent; sets an existing file to 0600. SQLite gives its other files
 * the same mode (ST-05). 0, or -1 with code "database". */
int pa_file_prepare(const char *path, struct pa_error *error);

#endif
