/*
 * The limits of a call into Lua: CPU time, and for requests wall-clock time. A watchdog thread checks the running calls
 * ten times a second. A call over a limit gets a signal, whose handler sets a hook that raises at every further
 * instruction, so that pcall cannot stop it (SBX-04). A script inside a C function does not reach the hook: the
 * functions that loop call pa_budget_check, and those that allocate get no more memory. One that does neither is
 * reported as hung, with what it was doing (SBX-08). Raises only in the hook and in pa_budget_check.
 */
#ifndef PA_BUDGET_H
#define PA_BUDGET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hung.h"
#include "native/native.h"

enum { PA_BUDGET_CPU_MS = 2000 }; /* of a call unless pa_vm_options says otherwise */

/* What the hook raises. */
#define PA_BUDGET_SPENT "time budget spent"
#define PA_BUDGET_LATE "the request took longer than REQUEST_TIMEOUT"

struct lua_State;
struct pa_request;

/* What a call does, for the log line about one that hangs. */
struct pa_budget_work {
	const char *server;               /* "app"; or NULL */
	const char *kind;                 /* "request", "job", "loading", "task" */
	const struct pa_request *request; /* or NULL */
	unsigned wall_ms;                 /* how long the call may take; 0: no limit */
	bool only_one;                    /* others wait for this call: it loads scripts, or runs a lane of jobs */
};

/* One for each VM, which owns it. The VM's thread writes it, the watchdog reads it. */
struct pa_budget {
	unsigned cpu_ms;                   /* the budget of each call; set before pa_budget_watch */
	struct pa_native_call native;      /* what the native modules tell of the call */
	_Atomic uint64_t call;             /* odd while a call runs; grows with each begin and end */
	_Atomic(struct lua_State *) state; /* the coroutine that runs now */
	_Atomic bool spent;                /* set by the signal handler; the VM is then not used again */
	_Atomic bool refuses;              /* from then until the hook raises: the VM gets no more memory */
	_Atomic pthread_t thread;          /* that runs the call; valid while `call` is odd */
	_Atomic uint64_t due;              /* value of `call` that the watchdog's signal is for */
	struct pa_budget *outer;           /* of the call that this thread is in, which asks this one; or NULL */
	int64_t begun_cpu_ns;              /* the thread's CPU time when a call with `outer` began */
	_Atomic int64_t asked_cpu_ns;      /* CPU time of calls that this one asked: they have budgets of their own */
	char line[PA_HUNG_LINE];           /* the app's line that spent it, kept when a script catches the first raise */
	struct pa_budget_work work;        /* valid while `call` is odd; for the signal handler */
	_Atomic unsigned wall_ms;          /* as in `work`, for the watchdog */
	_Atomic bool only_one;             /* as in `work` */
	_Atomic enum { PA_BUDGET_UNASKED, PA_BUDGET_ASKED, PA_BUDGET_TOLD } asked; /* for the place */
	struct pa_hung_place place; /* written by the signal handler, then `asked` becomes PA_BUDGET_TOLD */
	/* only the watchdog uses these */
	uint64_t seen_call;
	int64_t seen_cpu_ns, seen_ms; /* the thread's CPU time and the clock when the watchdog first saw this call */
	bool hung, blocks;
	struct pa_budget *next, *previous;
};

/* Adds the budget to the watchdog's list; the first call in the process starts its thread. Any thread. */
void pa_budget_watch(struct pa_budget *budget);

/* Removes it from the list. Any thread. */
void pa_budget_forget(struct pa_budget *budget);

/* Call around each protected call, on the thread that runs it. Begin clears `spent`. A call that another call of the
 * thread asks (pa_pool_ask) is between begin and end of that one, whose VM waits (pa_native_wait_begin). */
void pa_budget_begin(struct pa_budget *budget, struct lua_State *state, const struct pa_budget_work *work);
void pa_budget_end(struct pa_budget *budget);

/* From now on the call of this thread runs that coroutine. If the budget is spent already, the coroutine raises at its
 * next instruction. */
void pa_budget_switch(struct lua_State *state);

/* Raises when the call's budget is spent. For loops in C that call functions of a script, which may be in C too. */
void pa_budget_check(struct lua_State *L);

/* Whether the budget's VM gets no more memory: a C function that allocates ends so. On the VM's thread. */
bool pa_budget_refuses(const struct pa_budget *budget);

/* The number of calls that hang now, in the whole process. Any thread. */
unsigned pa_budget_hung(void);

/* Whether a call that hangs holds what others wait for: the connection that writes, the loading of scripts or a lane of
 * jobs. Any thread. */
bool pa_budget_blocks(void);

#endif
