/* Where calls into Lua hang now, for the log and /metrics. Any thread; no function raises. */
#ifndef PA_HUNG_H
#define PA_HUNG_H

#include <stddef.h>

enum { PA_HUNG_LINE = 96 };

/* NUL-terminated, cut, and empty when unknown. */
struct pa_hung_place {
	char server[16], kind[16]; /* "app"; "request", "job", "loading", "task" */
	char method[16], path[128], id[65];
	char line[PA_HUNG_LINE]; /* of the app: "init.lua:12" */
};

enum { PA_HUNG_MAX = 64 };

/* Adds a call, told apart by `key`; further ones than PA_HUNG_MAX are not kept. Removes it. */
void pa_hung_begin(const void *key, const struct pa_hung_place *place);
void pa_hung_end(const void *key);

/* Copies the places into an array of PA_HUNG_MAX; returns how many there are. */
size_t pa_hung_list(struct pa_hung_place *places);

#endif
