/*
 * The CPU budget of a call into Lua, in a way that costs the call nothing: a watchdog looks at the running calls ten
 * times a second, and a call over its budget gets a signal whose handler sets a hook that raises at every instruction
 * from then on, so that no pcall can eat it (SBX-04). A script that not even that stops, because it is inside a C
 * function, is reported as hung (SBX-08).
 */
#ifndef PA_BUDGET_H
#define PA_BUDGET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lua_State;

/* One for each VM; the VM's thread writes it, the watchdog reads it. */
struct pa_budget {
	unsigned cpu_ms;
	_Atomic uint64_t call;             /* odd while a call runs; grows with each begin and end */
	atomic_int waiting;                /* > 0 while the call waits in poll, a lock or a disk: no signal then */
	_Atomic(struct lua_State *) state; /* the coroutine that runs now */
	_Atomic bool spent;                /* set by the signal handler; the VM is not used again */
	_Atomic pthread_t thread;          /* who runs the call; valid while call is odd */
	_Atomic uint64_t due;              /* the call that the watchdog's signal is meant for */
	/* the watchdog's own notes */
	uint64_t seen_call;
	int64_t seen_cpu_ns; /* the thread's CPU time when it first saw this call */
	bool hung;
	struct pa_budget *next, *previous;
};

/* Starts the process's one watchdog thread on first use. Safe from any thread. */
void pa_budget_watch(struct pa_budget *budget);
void pa_budget_forget(struct pa_budget *budget);

/* Around each protected call from C. Begin clears `spent`. */
void pa_budget_begin(struct pa_budget *budget, struct lua_State *state);
void pa_budget_end(struct pa_budget *budget);

/* From now on this thread's call runs that coroutine. When the budget is spent already, the coroutine ends at its next
 * instruction like the one before. */
void pa_budget_switch(struct lua_State *state);

/* The number of calls that are hung right now, in the whole process. */
unsigned pa_budget_hung(void);

#endif
