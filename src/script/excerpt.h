/* The lines of scripts that messages name. Any thread. Never raises. */
#ifndef PA_EXCERPT_H
#define PA_EXCERPT_H

#include "script/snapshot.h"

/*
 * A copy of a message in which each line that begins with a place in the app, such as "views/home.html:4: …", is
 * followed by that line of the file: "    4 | <p>". NULL without memory. The caller frees it.
 */
char *pa_excerpt_add(const struct pa_snapshot *snapshot, const char *message);

#endif
