/* Lists of free blocks, one for each class of size, in slabs. */
#include "script/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
	SLAB_BYTES = 16 << 10,
	TAKE_STEP = 64 << 10, /* bytes taken from the account of the process at a time */
	KEPT_TAKEN = 1 << 20, /* taken bytes that are not in use, before some are given back */
	SPARSE = 1 << 20,     /* unused bytes in slabs */
};

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

static size_t in_steps(size_t bytes)
{
	return (bytes + TAKE_STEP - 1) / TAKE_STEP * TAKE_STEP;
}

/* Counts bytes that are about to come from malloc. False when the process has none left for scripts. */
static bool hold(struct pa_heap *heap, size_t more)
{
	size_t wanted = in_steps(heap->held + more);

	if (wanted > heap->taken) {
		if (!pa_memory_take(wanted - heap->taken)) {
			heap->refused = true;
			return false;
		}
		heap->taken = wanted;
	}
	heap->held += more;
	return true;
}

static void give_back(struct pa_heap *heap, size_t kept)
{
	size_t taken = in_steps(heap->held + kept);

	if (taken < heap->taken) {
		pa_memory_give(heap->taken - taken);
		heap->taken = taken;
	}
}

static void let_go(struct pa_heap *heap, size_t bytes)
{
	heap->held -= bytes;
	if (heap->taken - heap->held > KEPT_TAKEN + TAKE_STEP)
		give_back(heap, KEPT_TAKEN);
}

/* A block of malloc's: a slab or a large block. */
static void *get(struct pa_heap *heap, size_t size)
{
	if (!hold(heap, size))
		return NULL;
	void *block = malloc(size);
	if (!block) {
		let_go(heap, size);
		heap->refused = true;
	}
	return block;
}

static void *resize_large(struct pa_heap *heap, void *block, size_t old_size, size_t new_size)
{
	if (new_size > old_size && !hold(heap, new_size - old_size))
		return NULL;
	void *moved = realloc(block, new_size);
	if (!moved) {
		if (new_size > old_size)
			let_go(heap, new_size - old_size);
		heap->refused = true;
		return NULL;
	}
	if (new_size < old_size)
		let_go(heap, old_size - new_size);
	return moved;
}

static int add_slab(struct pa_heap *heap)
{
	struct pa_slab *slab = get(heap, SLAB_BYTES);

	if (!slab)
		return -1;
	heap->slab_bytes += SLAB_BYTES;
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
	return is_small(size) ? new_small(heap, size) : get(heap, size);
}

static void free_block(struct pa_heap *heap, void *block, size_t size)
{
	if (!is_small(size)) {
		free(block);
		let_go(heap, size);
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
		return resize_large(heap, block, old_size, new_size);
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

void pa_heap_settle(struct pa_heap *heap)
{
	give_back(heap, 0);
}

bool pa_heap_is_sparse(const struct pa_heap *heap)
{
	size_t large = heap->held - heap->slab_bytes, small = heap->used - large;

	return heap->slab_bytes > 2 * small + SPARSE;
}

void pa_heap_close(struct pa_heap *heap)
{
	for (struct pa_slab *slab = heap->slabs, *next; slab; slab = next) {
		next = slab->next;
		free(slab);
	}
	pa_memory_give(heap->taken);
}
