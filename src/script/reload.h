/*
 * The thread that decides when scripts are read again: when files below the watched folders have changed and been quiet
 * (script/watch), or when a reload was asked for. What a reload does is the caller's (script/pool).
 */
#ifndef PA_RELOAD_H
#define PA_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "script/rooms.h"

struct pa_reload;

/* Begins to watch the folders of a server, which log lines name; NULL: none is watched. Call before the first reading
 * of the scripts, so that each later change is seen. NULL with code "scripts" or "watch". */
struct pa_reload *pa_reload_open(const char *const *folders, const char *server, struct pa_error *error);

/* Starts the thread, which calls reload(context) for each change. 0, or -1 with code "scripts". */
int pa_reload_start(struct pa_reload *reload, void (*call)(void *), void *context, struct pa_error *error);

/* Asks for a reload; returns at once. Any thread. */
void pa_reload_request(struct pa_reload *reload);

/*
 * Waits until the changes that were made before this call have been read, and their reload, which this makes no
 * earlier, has ended. Without a change it costs one system call; without watched folders nothing. False when that took
 * longer than `most_ms`. Any thread, while reload's own runs.
 */
bool pa_reload_catch_up(struct pa_reload *reload, int64_t most_ms);

/* Waits for the reload that runs. NULL is fine. */
void pa_reload_close(struct pa_reload *reload);

#endif
