/*
 * The memory of one VM: small blocks come from slabs of its own, side by side and without a lock, so that what a script
 * uses again and again stays in the processor's cache. Counted, with a limit. Used by one thread at a time.
 */
#ifndef PA_HEAP_H
#define PA_HEAP_H

#include <stddef.h>

enum { PA_HEAP_STEP = 16, PA_HEAP_SMALL = 256 };

/* Zero but for `limit` is a valid empty one. */
struct pa_heap {
	size_t used, limit; /* bytes handed out, and how many may be */
	void *free[PA_HEAP_SMALL / PA_HEAP_STEP];
	char *at, *end; /* what is left of the newest slab */
	struct pa_slab *slabs;
};

/* Makes a block (old_size 0), moves it or frees it (new_size 0). NULL past the limit or without memory; what was there
 * then stays. */
void *pa_heap_resize(struct pa_heap *heap, void *block, size_t old_size, size_t new_size);

/* Frees the slabs; large blocks must have been freed one by one. */
void pa_heap_close(struct pa_heap *heap);

#endif
