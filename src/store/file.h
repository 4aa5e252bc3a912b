/* The file that a database is in, before the database's library sees it. */
#ifndef PA_FILE_H
#define PA_FILE_H

#include "base/error.h"

/* Makes the file and its folders, or takes what is there, as ours alone: 0600 and 0700; a database's other files take
 * over its mode (ST-05). 0, or -1 with code "database". */
int pa_file_prepare(const char *path, struct pa_error *error);

#endif
