/* A counter with a limit; malloc's own settings. */
#include "base/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/stats.h"

enum {
	MAPPED_FROM = 128 << 10, /* bytes of a block that malloc maps by itself, and unmaps when it is freed */
	KEPT_AT_END = 1 << 20,   /* bytes that malloc keeps at the end of a heap */
	TRIM_FROM = 8 << 20,     /* bytes given back before a trim */
	TRIM_PAUSE_MS = 2000,    /* between two of them */
};

static atomic_size_t used, given; /* `given`: in all, it may wrap around */
static atomic_size_t limit = SIZE_MAX;
static size_t given_at_trim;
static int64_t trimmed_ms;

void pa_memory_prepare(void)
{
	/* Unless it is set, the first threshold rises to the largest block that was ever freed, up to 32 MiB: the blocks
	 * below it are then kept in the heaps of threads. */
	mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
	mallopt(M_TRIM_THRESHOLD, KEPT_AT_END);
}

void pa_memory_limit(size_t bytes)
{
	pa_stats_add(PA_STAT_MEMORY_MAX, (long)bytes - pa_stats_read(PA_STAT_MEMORY_MAX));
	atomic_store_explicit(&limit, bytes > 0 ? bytes : SIZE_MAX, memory_order_relaxed);
}

bool pa_memory_take(size_t bytes)
{
	size_t before = atomic_load_explicit(&used, memory_order_relaxed);
	size_t most = atomic_load_explicit(&limit, memory_order_relaxed);

	do {
		if (before > most || bytes > most - before) {
			pa_stats_add(PA_STAT_MEMORY_REFUSED, 1);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		&used, &before, before + bytes, memory_order_relaxed, memory_order_relaxed));
	pa_stats_add(PA_STAT_MEMORY, (long)bytes);
	return true;
}

void pa_memory_give(size_t bytes)
{
	if (bytes == 0)
		return;
	atomic_fetch_sub_explicit(&used, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&given, bytes, memory_order_relaxed);
	pa_stats_add(PA_STAT_MEMORY, -(long)bytes);
}

size_t pa_memory_used(void)
{
	return atomic_load_explicit(&used, memory_order_relaxed);
}

bool pa_memory_is_short(void)
{
	return pa_memory_used() > atomic_load_explicit(&limit, memory_order_relaxed) / 4 * 3;
}

void pa_memory_trim(void)
{
	size_t now = atomic_load_explicit(&given, memory_order_relaxed);

	if (now - given_at_trim < TRIM_FROM || pa_clock_ms() - trimmed_ms < TRIM_PAUSE_MS)
		return;
	malloc_trim(0);
	given_at_trim = now;
	trimmed_ms = pa_clock_ms();
}
