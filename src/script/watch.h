/* Tells when files below some folders may have changed: inotify, made quiet. Used by one thread. */
#ifndef PA_WATCH_H
#define PA_WATCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct pa_watch;

/* A folder that is not there yet, or goes away, is looked for again at each call of pa_watch_settle. NULL with code
 * "watch". */
struct pa_watch *pa_watch_open(const char *const *folders, size_t count, struct pa_error *error);

/* For poll(): readable when something happened. */
int pa_watch_fd(const struct pa_watch *watch);

/*
 * Call when the fd is readable or its time is up: reads what happened, follows new folders, and says whether a reload
 * is due, that is after 50 ms of quiet or 500 ms after the first change. *wait_ms is how long to poll before the next
 * call, -1 for as long as you like.
 */
bool pa_watch_settle(struct pa_watch *watch, int *wait_ms);
void pa_watch_close(struct pa_watch *watch);

#endif
