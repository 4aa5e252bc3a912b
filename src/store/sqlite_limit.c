/* Counts what SQLite allocates for the statement that runs, and reads the clock meanwhile. */
#include "store/sqlite_limit.h"

#include <pthread.h>
#include <sqlite3.h>

#include "base/clock.h"

enum {
	ASK_BYTES = 64 << 10,    /* allocated, or steps made, between two looks at the clock */
	ASK_CALL = 256,          /* that each allocation and each call counts for, besides its own */
	STACK_BYTES = 384 << 10, /* for a statement; a worker has 1 MiB for SQLite, Lua and the rest */
	/* More, once a limit was met: to end the statement and roll it back. */
	GRACE_BYTES = 16 << 20,
	GRACE_MS = 1000,
};

static _Thread_local struct pa_sqlite_limit *current; /* of the statement that this thread runs */
static sqlite3_mem_methods allocator;                 /* that SQLite had before */
static int installed;

static bool refuse(struct pa_sqlite_limit *limit, enum pa_sqlite_limit_reason reason)
{
	bool first = limit->reason == PA_SQLITE_LIMIT_NONE;

	limit->reason = reason;
	if (first && limit->cpu_ms_over > 0)
		limit->cpu_ms_over += GRACE_MS;
	return false;
}

bool pa_sqlite_limit_is_over(struct pa_sqlite_limit *limit)
{
	if (!limit->running)
		return false;
	int64_t now = pa_clock_cpu_ms();
	if (limit->cpu_ms_over == 0)
		limit->cpu_ms_over = now + limit->cpu_ms;
	return now >= limit->cpu_ms_over;
}

/* Whether it is time to look at the clock. */
static bool is_asked(struct pa_sqlite_limit *limit, size_t more)
{
	limit->unasked = more > SIZE_MAX - ASK_CALL - limit->unasked ? SIZE_MAX : limit->unasked + more + ASK_CALL;
	if (limit->unasked < ASK_BYTES)
		return false;
	limit->unasked = 0;
	return true;
}

bool pa_sqlite_limit_is_over_after(struct pa_sqlite_limit *limit, size_t steps)
{
	return is_asked(limit, steps) && pa_sqlite_limit_is_over(limit);
}

static bool allows(struct pa_sqlite_limit *limit, int size)
{
	int64_t most = PA_SQLITE_LIMIT_MEMORY_MAX + (limit->reason == PA_SQLITE_LIMIT_NONE ? 0 : GRACE_BYTES);

	if (limit->memory + size > most)
		return refuse(limit, PA_SQLITE_LIMIT_MEMORY);
	if ((uintptr_t)__builtin_frame_address(0) < limit->stack_end)
		return refuse(limit, PA_SQLITE_LIMIT_DEPTH);
	if (!is_asked(limit, (size_t)size))
		return true;
	return !pa_sqlite_limit_is_over(limit) || refuse(limit, PA_SQLITE_LIMIT_CPU);
}

static void *allocate(int size)
{
	if (current && !allows(current, size))
		return NULL;
	void *block = allocator.xMalloc(size);
	if (current && block)
		current->memory += allocator.xSize(block);
	return block;
}

static void release(void *block)
{
	if (current && block)
		current->memory -= allocator.xSize(block);
	allocator.xFree(block);
}

static void *reallocate(void *block, int size)
{
	int before = current && block ? allocator.xSize(block) : 0;

	if (current && size > before && !allows(current, size - before))
		return NULL;
	void *moved = allocator.xRealloc(block, size);
	if (current && moved)
		current->memory += allocator.xSize(moved) - before;
	return moved;
}

static void install(void)
{
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &allocator) != SQLITE_OK) {
		installed = -1;
		return;
	}
	sqlite3_mem_methods limited = allocator;
	limited.xMalloc = allocate;
	limited.xFree = release;
	limited.xRealloc = reallocate;
	installed = sqlite3_config(SQLITE_CONFIG_MALLOC, &limited) == SQLITE_OK ? 0 : -1;
}

int pa_sqlite_limit_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	return installed;
}

void pa_sqlite_limit_begin(struct pa_sqlite_limit *limit, int64_t cpu_ms)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	*limit = (struct pa_sqlite_limit){.running = true, .cpu_ms = cpu_ms, .stack_end = here - STACK_BYTES};
	current = limit;
}

void pa_sqlite_limit_end(struct pa_sqlite_limit *limit)
{
	limit->running = false;
	current = NULL;
}
