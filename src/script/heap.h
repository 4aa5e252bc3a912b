/*
 * The memory of one VM, counted and limited. Small blocks come from slabs of the VM: without a lock, and next to each
 * other in the processor's cache; large ones come from malloc. Both are taken, in steps, from what all VMs of the
 * process may have together (base/memory). Used by one thread at a time. Never raises.
 */
#ifndef PA_HEAP_H
#define PA_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* AddressSanitizer sees the use of freed memory in blocks of malloc's only: under it there are no slabs. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PA_HEAP_SLABS 0
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define PA_HEAP_SLABS 0
#endif
#ifndef PA_HEAP_SLABS
#define PA_HEAP_SLABS 1
#endif

enum {
	PA_HEAP_LIMIT = 32 << 20, /* bytes that a VM may use unless pa_vm_options says otherwise (SBX-09) */
	PA_HEAP_STEP = 16,
	PA_HEAP_SMALL = 256,
}; /* bytes: between two classes, and of the largest small block */

/* Zero, but for `limit`, is a valid empty one. */
struct pa_heap {
	size_t used, limit;                       /* bytes in use, and their maximum */
	size_t held, slab_bytes;                  /* bytes that malloc gave: slabs and large blocks; those of slabs alone */
	size_t taken;                             /* from the account of the process */
	bool refused;                             /* the process had no memory left for this heap; the owner resets it */
	void *free[PA_HEAP_SMALL / PA_HEAP_STEP]; /* the first free block of each class */
	char *at, *end;                           /* the unused rest of the newest slab */
	struct pa_slab *slabs;
};

/* Makes a block (old_size 0), resizes it, or frees it (new_size 0), as a lua_Alloc. NULL past the limit or without
 * memory: the old block then stays. */
void *pa_heap_resize(struct pa_heap *heap, void *block, size_t old_size, size_t new_size);

/* Gives back to the account of the process what is not in use. */
void pa_heap_settle(struct pa_heap *heap);

/* Whether most of the slabs' memory is unused, and much: a slab is only freed with its heap. */
bool pa_heap_is_sparse(const struct pa_heap *heap);

/* Frees the slabs; large blocks must have been freed one by one. */
void pa_heap_close(struct pa_heap *heap);

#endif
