/*
 * The inotify watches of folders, of all below them, and of the links and folders that lead to them: a link above a
 * folder may be swapped, and a link below it may lead through folders that are not read themselves. Used by one thread.
 * Never raises.
 */
#ifndef PA_WATCHES_H
#define PA_WATCHES_H

#include <stdbool.h>
#include <stddef.h>

struct pa_watches;

/* No folder is watched yet. NULL without memory. Without an inotify instance the descriptor is -1, and
 * pa_watches_trouble says why. */
struct pa_watches *pa_watches_open(void);

/* Readable when events have come. -1: never. */
int pa_watches_fd(const struct pa_watches *watches);

/* Watches a folder and what belongs to it; what was watched before stays. False when the folder itself is missing. */
bool pa_watches_add(struct pa_watches *watches, const char *folder);

/* Around the calls of pa_watches_add for all folders: what was watched before and was not added again is dropped. */
void pa_watches_begin(struct pa_watches *watches);
void pa_watches_end(struct pa_watches *watches);

/* Reads the events. True when one of them may change what a reading of the folders gives; *moved: folders or links may
 * have changed, so that all have to be added again. */
bool pa_watches_read(struct pa_watches *watches, bool *moved);

/* Why the watches added last miss changes, in words with what to do; "" when they miss none. Of a network file system,
 * whose other users' changes cause no event: pa_watches_are_remote. */
const char *pa_watches_trouble(const struct pa_watches *watches);
bool pa_watches_are_remote(const struct pa_watches *watches);

/* NULL does nothing. */
void pa_watches_close(struct pa_watches *watches);

#endif
