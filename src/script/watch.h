/*
 * Watches folders and tells when a reload is due: by inotify (script/watches), and where that misses changes by looking
 * at the files every second. Used by one thread. Never raises.
 */
#ifndef PA_WATCH_H
#define PA_WATCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct pa_watch;

/* Watches `count` folders (NULL: none) and all below them. A missing folder is looked for again at each call of
 * pa_watch_settle. When changes would be missed, which is logged for `server` (may be NULL) once, files are looked at
 * instead. NULL with code "watch": not enough memory. */
struct pa_watch *pa_watch_open(const char *const *folders, size_t count, const char *server, struct pa_error *error);

/* The descriptor for poll(): readable after a change. -1: there is none. */
int pa_watch_fd(const struct pa_watch *watch);

/*
 * Call when the descriptor is readable or *wait_ms is over: reads the changes and watches new folders. True when a
 * reload is due: 50 ms after the last change, or 500 ms after the first one. *wait_ms is the time to poll before the
 * next call, in milliseconds; -1: without a limit.
 */
bool pa_watch_settle(struct pa_watch *watch, int *wait_ms);

/* Of what the last call of pa_watch_settle saw: whether a change waits for its reload to be due, and whether a change
 * may come that does not make the descriptor readable. */
bool pa_watch_is_pending(const struct pa_watch *watch);
bool pa_watch_is_blind(const struct pa_watch *watch);

/* NULL does nothing. */
void pa_watch_close(struct pa_watch *watch);

#endif
