/* A VM's memory: what was written stays, blocks do not overlap, the limit holds. */
#include "script/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

#if !PA_HEAP_SLABS
#include <sanitizer/asan_interface.h>
#endif

enum { BLOCKS = 400, ROUNDS = 20000, LARGEST = 1200 };

struct block {
	unsigned char *at, mark;
	size_t size;
};

static void check(const struct block *block)
{
	for (size_t i = 0; i < block->size; i++)
		assert_int_equal(block->at[i], block->mark);
}

/* Pseudorandom numbers, the same in each run. */
static unsigned next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void blocks_keep_what_was_written(void **state)
{
	struct pa_heap heap = {.limit = 64 << 20};
	struct block blocks[BLOCKS] = {0};
	size_t total = 0;
	uint32_t random = 7;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct block *block = &blocks[next_random(&random) % BLOCKS];
		size_t size = next_random(&random) % 3 == 0 ? 0 : next_random(&random) % LARGEST;
		unsigned char *moved = pa_heap_resize(&heap, block->at, block->size, size);
		assert_int_equal(moved == NULL, size == 0);
		for (size_t i = 0; i < size && i < block->size; i++)
			assert_int_equal(moved[i], block->mark);
		total = total - block->size + size;
		*block = (struct block){moved, (unsigned char)round, size};
		if (moved)
			memset(moved, block->mark, size);
		assert_int_equal(heap.used, total);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		check(&blocks[i]);
		pa_heap_resize(&heap, blocks[i].at, blocks[i].size, 0);
	}
	assert_int_equal(heap.used, 0);
	pa_heap_close(&heap);
}

static void blocks_are_aligned(void **state)
{
	struct pa_heap heap = {.limit = 1 << 20};
	void *blocks[PA_HEAP_SMALL];

	(void)state;
	for (size_t size = 1; size <= PA_HEAP_SMALL; size++)
		assert_int_equal((uintptr_t)(blocks[size - 1] = pa_heap_resize(&heap, NULL, 0, size)) % 16, 0);
	for (size_t size = 1; size <= PA_HEAP_SMALL; size++)
		pa_heap_resize(&heap, blocks[size - 1], size, 0);
	pa_heap_close(&heap);
}

static void SBX_09_the_limit_holds_and_loses_nothing(void **state)
{
	struct pa_heap heap = {.limit = 1000};

	(void)state;
	char *block = pa_heap_resize(&heap, NULL, 0, 900);
	assert_non_null(block);
	memset(block, 'x', 900);
	assert_null(pa_heap_resize(&heap, NULL, 0, 101));
	assert_null(pa_heap_resize(&heap, block, 900, 1001));
	assert_int_equal(heap.used, 900);
	assert_int_equal(block[899], 'x');
	char *small = pa_heap_resize(&heap, NULL, 0, 100);
	assert_non_null(small);
	small = pa_heap_resize(&heap, small, 100, 10); /* shrinking is always possible */
	assert_non_null(small);
	pa_heap_resize(&heap, small, 10, 0);
	pa_heap_resize(&heap, block, 900, 0);
	pa_heap_close(&heap);
}

/* In a slab. Under AddressSanitizer a freed block is malloc's again, which notices every later use of it. */
static void a_freed_block_is_used_again_or_watched(void **state)
{
	struct pa_heap heap = {.limit = 1 << 20};

	(void)state;
	void *first = pa_heap_resize(&heap, NULL, 0, 48);
	assert_non_null(first);
	pa_heap_resize(&heap, first, 48, 0);
#if PA_HEAP_SLABS
	assert_ptr_equal(pa_heap_resize(&heap, NULL, 0, 33), first);
#else
	assert_true(__asan_address_is_poisoned(first));
#endif
	pa_heap_close(&heap);
}

/* The account of the process: taken in steps, given back when a heap settles or closes. */
static void SBX_09_all_heaps_together_have_a_limit(void **state)
{
	struct pa_heap first = {.limit = 8 << 20}, second = {.limit = 8 << 20};

	(void)state;
	assert_int_equal(pa_memory_used(), 0);
	pa_memory_limit(3 << 20);
	void *large = pa_heap_resize(&first, NULL, 0, 2 << 20);
	assert_non_null(large);
	assert_null(pa_heap_resize(&second, NULL, 0, 2 << 20));
	assert_true(second.refused);
	assert_false(first.refused);
	assert_int_equal(second.used, 0);
	assert_int_equal(second.held, 0);
	void *small = pa_heap_resize(&second, NULL, 0, 16); /* a smaller one is there */
	assert_non_null(small);
	assert_null(pa_heap_resize(&first, large, 2 << 20, 4 << 20));
	large = pa_heap_resize(&first, large, 2 << 20, 1 << 20);
	assert_non_null(large);
	pa_heap_settle(&first);
	large = pa_heap_resize(&first, large, 1 << 20, 0);
	assert_null(large);
	pa_heap_settle(&first);
	assert_int_equal(first.taken, 0);
	large = pa_heap_resize(&second, NULL, 0, 2 << 20); /* what the first gave back */
	assert_non_null(large);
	pa_heap_resize(&second, large, 2 << 20, 0);
	pa_heap_resize(&second, small, 16, 0);
	pa_heap_close(&first);
	pa_heap_close(&second);
	assert_int_equal(pa_memory_used(), 0);
	pa_memory_limit(0);
}

static void freed_large_blocks_are_given_back_while_a_call_runs(void **state)
{
	struct pa_heap heap = {.limit = 64 << 20};

	(void)state;
	void *large = pa_heap_resize(&heap, NULL, 0, 32 << 20);
	assert_non_null(large);
	assert_true(pa_memory_used() >= 32 << 20);
	pa_heap_resize(&heap, large, 32 << 20, 0);
	assert_true(pa_memory_used() <= 2 << 20);
	pa_heap_close(&heap);
	assert_int_equal(pa_memory_used(), 0);
}

static void slabs_that_are_mostly_unused_are_noticed(void **state)
{
	enum { COUNT = 64 << 10, SIZE = 64 };
	static void *blocks[COUNT];
	struct pa_heap heap = {.limit = 64 << 20};

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_non_null(blocks[i] = pa_heap_resize(&heap, NULL, 0, SIZE));
	assert_false(pa_heap_is_sparse(&heap));
	for (size_t i = 1; i < COUNT; i++)
		pa_heap_resize(&heap, blocks[i], SIZE, 0);
	assert_int_equal(pa_heap_is_sparse(&heap), PA_HEAP_SLABS);
	pa_heap_resize(&heap, blocks[0], SIZE, 0);
	pa_heap_close(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_keep_what_was_written),
		cmocka_unit_test(blocks_are_aligned),
		cmocka_unit_test(SBX_09_the_limit_holds_and_loses_nothing),
		cmocka_unit_test(a_freed_block_is_used_again_or_watched),
		cmocka_unit_test(SBX_09_all_heaps_together_have_a_limit),
		cmocka_unit_test(freed_large_blocks_are_given_back_while_a_call_runs),
		cmocka_unit_test(slabs_that_are_mostly_unused_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
