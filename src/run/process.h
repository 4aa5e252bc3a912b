/* What holds for the whole process: its signals, limits and the folder of its Lua. */
#ifndef PA_PROCESS_H
#define PA_PROCESS_H

#include <signal.h>
#include <stddef.h>

/* What the process ends with. */
enum { PA_EXIT_FINE, PA_EXIT_FAILED, PA_EXIT_USAGE };

/* Call before the first thread. Blocks SIGTERM, SIGINT and SIGHUP and returns them, for sigtimedwait in run/servers;
 * files are made for this user alone, memory is never dumped. */
sigset_t pa_process_prepare(void);

/* The folder our Lua lives in: beside a build tree, or where cmake --install puts it. 0, or -1 when there is none. */
int pa_process_find_library(char *found, size_t size);

#endif
