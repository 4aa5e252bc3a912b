/*
 * What one statement may take: thread CPU, memory of SQLite, and stack. SQLite asks its progress handler in loops only,
 * so the memory allocator asks too: that also ends the preparation of a statement, and what a single call of a function
 * makes. Used by the thread that runs the statement. Never raises.
 */
#ifndef PA_SQLITE_LIMIT_H
#define PA_SQLITE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pa_sqlite_limit_reason {
	PA_SQLITE_LIMIT_NONE,
	PA_SQLITE_LIMIT_CPU,
	PA_SQLITE_LIMIT_MEMORY,
	PA_SQLITE_LIMIT_DEPTH,
};

enum { PA_SQLITE_LIMIT_MEMORY_MAX = 128 << 20 }; /* bytes: some of the largest values at once */

struct pa_sqlite_limit {
	bool running;
	int64_t cpu_ms;                     /* that the statement may take */
	int64_t cpu_ms_over;                /* value of pa_clock_cpu_ms at which it is ended; 0: nothing has asked yet */
	int64_t memory;                     /* bytes that SQLite allocated since the begin, less what it freed */
	size_t unasked;                     /* bytes allocated and steps made since the clock was read */
	uintptr_t stack_end;                /* the stack grows down to this address */
	enum pa_sqlite_limit_reason reason; /* why an allocation was refused */
};

/* Makes SQLite's allocator ask the limit of the running thread. Before SQLite is used for the first time; later calls
 * do nothing. 0, or -1 when SQLite does not allow it any more. */
int pa_sqlite_limit_install(void);

/* Begins and ends a statement on this thread, of one connection at a time. */
void pa_sqlite_limit_begin(struct pa_sqlite_limit *limit, int64_t cpu_ms);
void pa_sqlite_limit_end(struct pa_sqlite_limit *limit);

/* Whether the statement that runs has spent its CPU; false while none runs. */
bool pa_sqlite_limit_is_over(struct pa_sqlite_limit *limit);

/* The same before a call of a function that takes at most so many steps, of a nanosecond or so. The clock is a system
 * call, which takes longer than a function of a short text: it is read once for many such calls. */
bool pa_sqlite_limit_is_over_after(struct pa_sqlite_limit *limit, size_t steps);

#endif
