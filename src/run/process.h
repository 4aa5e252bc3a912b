/* Settings of the whole process, the folder of its Lua files, and what became of its output. Used by main, before the
 * first thread and after the last. Never raises. */
#ifndef PA_PROCESS_H
#define PA_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes. */
enum { PA_EXIT_FINE, PA_EXIT_FAILED, PA_EXIT_USAGE };

/* Standard streams that are closed become /dev/null; new files get no permissions for others (umask 077); core dumps
 * and tracing by others are off; the limit of open files is raised. */
void pa_process_prepare(void);

/* Whether standard output did not take all that a command wrote, such as a file on a full disk. Not of a pipe whose
 * reader has left: it has what it wanted. */
bool pa_process_lost_output(void);

/* Writes the folder of the Lua files: ../share/partnerapp (cmake --install) or ../../lua (a build tree), seen from the
 * program. 0, or -1 when neither exists. */
int pa_process_find_library(char *found, size_t size);

#endif
