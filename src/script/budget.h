/*
 * The CPU budget of calls into Lua. A watchdog thread checks the running calls ten times a second. A call over its
 * budget gets a signal, whose handler sets a hook that raises at every further instruction, so that pcall cannot stop
 * it (SBX-04). A script inside a C function does not reach the hook: it is reported as hung (SBX-08). Raises only in
 * that hook.
 */
#ifndef PA_BUDGET_H
#define PA_BUDGET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PA_BUDGET_CPU_MS = 2000 }; /* of a call unless pa_vm_options says otherwise */

struct lua_State;

/* One for each VM, which owns it. The VM's thread writes it, the watchdog reads it. */
struct pa_budget {
	unsigned cpu_ms;                   /* the budget of each call; set before pa_budget_watch */
	_Atomic uint64_t call;             /* odd while a call runs; grows with each begin and end */
	atomic_int waiting;                /* > 0 while the call waits in poll, a lock or a disk: no signal then */
	_Atomic(struct lua_State *) state; /* the coroutine that runs now */
	_Atomic bool spent;                /* set by the signal handler; the VM is then not used again */
	_Atomic pthread_t thread;          /* that runs the call; valid while `call` is odd */
	_Atomic uint64_t due;              /* value of `call` that the watchdog's signal is for */
	/* only the watchdog uses these */
	uint64_t seen_call;
	int64_t seen_cpu_ns; /* the thread's CPU time when the watchdog first saw this call */
	bool hung;
	struct pa_budget *next, *previous;
};

/* Adds the budget to the watchdog's list; the first call in the process starts its thread. Any thread. */
void pa_budget_watch(struct pa_budget *budget);

/* Removes it from the list. Any thread. */
void pa_budget_forget(struct pa_budget *budget);

/* Call around each protected call, on the thread that runs it. Begin clears `spent`. */
void pa_budget_begin(struct pa_budget *budget, struct lua_State *state);
void pa_budget_end(struct pa_budget *budget);

/* From now on the call of this thread runs that coroutine. If the budget is spent already, the coroutine raises at its
 * next instruction. */
void pa_budget_switch(struct lua_State *state);

/* The number of calls that hang now, in the whole process. Any thread. */
unsigned pa_budget_hung(void);

#endif
