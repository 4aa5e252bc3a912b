/* Lists of free blocks, one for each class of size, in slabs. */
#include "script/heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB_BYTES = 16 << 10 };

static bool is_small(size_t size)
{
	return PA_HEAP_SLABS && size <= PA_HEAP_SMALL;
}

struct pa_slab {
	struct pa_slab *next;
	_Alignas(16) char bytes[];
};

static size_t class_of(size_t size)
{
	return (size - 1) / PA_HEAP_STEP;
}

static int add_slab(struct pa_heap *heap)
{
	struct pa_slab *slab = malloc(SLAB_BYTES);

	if (!slab)
		return -1;
	slab->next = heap->slabs;
	heap->slabs = slab;
	heap->at = slab->bytes;
	heap->end = (char *)slab + SLAB_BYTES;
	return 0;
}

/* A free block begins with the address of the next one of its class. */
static void *new_small(struct pa_heap *heap, size_t size)
{
	size_t class = class_of(size), rounded = (class + 1) * PA_HEAP_STEP;
	void *block = heap->free[class];

	if (block) {
		memcpy(&heap->free[class], block, sizeof block);
		return block;
	}
	if ((size_t)(heap->end - heap->at) < rounded && add_slab(heap) < 0)
		return NULL;
	block = heap->at;
	heap->at += rounded;
	return block;
}

static void *new_block(struct pa_heap *heap, size_t size)
{
	return is_small(size) ? new_small(heap, size) : malloc(size);
}

static void free_block(struct pa_heap *heap, void *block, size_t size)
{
	if (!is_small(size)) {
		free(block);
		return;
	}
	memcpy(block, &heap->free[class_of(size)], sizeof block);
	heap->free[class_of(size)] = block;
}

static bool fits_where_it_is(size_t old_size, size_t new_size)
{
	return is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size);
}

static void *move(struct pa_heap *heap, void *block, size_t old_size, size_t new_size)
{
	if (fits_where_it_is(old_size, new_size))
		return block;
	if (!is_small(old_size) && !is_small(new_size))
		return realloc(block, new_size);
	void *moved = new_block(heap, new_size);
	if (moved) {
		memcpy(moved, block, old_size < new_size ? old_size : new_size);
		free_block(heap, block, old_size);
	}
	return moved;
}

void *pa_heap_resize(struct pa_heap *heap, void *block, size_t old_size, size_t new_size)
{
	void *moved = NULL;

	if (new_size > old_size && heap->used - old_size + new_size > heap->limit)
		return NULL;
	if (new_size > 0) {
		moved = old_size > 0 ? move(heap, block, old_size, new_size) : new_block(heap, new_size);
		if (!moved)
			return NULL;
	} else if (old_size > 0) {
		free_block(heap, block, old_size);
	}
	heap->used = heap->used - old_size + new_size;
	return moved;
}

void pa_heap_close(struct pa_heap *heap)
{
	for (struct pa_slab *slab = heap->slabs, *next; slab; slab = next) {
		next = slab->next;
		free(slab);
	}
}
