/* A watchdog thread, and the signal that it sends to a call over its budget. */
#include "script/budget.h"

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "base/log.h"
#include "base/stats.h"

enum {
	TICK_MS = 100,
	HUNG_AFTER_MS = 1000, /* of CPU, after the first signal */
};

/* The list of all budgets, which one thread checks. */
static struct {
	pthread_mutex_t mutex;
	pthread_once_t started;
	struct pa_budget *first;
	unsigned hung;
} watchdog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .started = PTHREAD_ONCE_INIT};

/* The budget of the call that this thread runs now, for the signal handler. */
static _Thread_local struct pa_budget *_Atomic running;

static void raise_spent(lua_State *L, lua_Debug *info)
{
	(void)info;
	luaL_error(L, "time budget spent");
}

/* Lua allows lua_sethook in a signal handler; its own command line uses it there (lua.c). */
static void on_signal(int number)
{
	struct pa_budget *budget = atomic_load_explicit(&running, memory_order_relaxed);

	(void)number;
	if (!budget || atomic_load_explicit(&budget->waiting, memory_order_relaxed) > 0 ||
		atomic_load_explicit(&budget->due, memory_order_relaxed) !=
			atomic_load_explicit(&budget->call, memory_order_relaxed))
		return;
	atomic_store_explicit(&budget->spent, true, memory_order_relaxed);
	lua_State *state = atomic_load_explicit(&budget->state, memory_order_relaxed);
	if (state)
		lua_sethook(state, raise_spent, LUA_MASKCOUNT, 1);
}

static int64_t cpu_ns(pthread_t thread)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return -1;
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void set_hung(struct pa_budget *budget, bool hung)
{
	if (budget->hung == hung)
		return;
	budget->hung = hung;
	watchdog.hung += hung ? 1u : -1u;
	pa_stats_add(PA_STAT_HUNG, hung ? 1 : -1);
	pa_log(PA_LOG_ERROR, NULL, NULL,
		hung ? "a script hangs inside a C function: it cannot be interrupted" : "a script that hung has ended", NULL);
}

/* Compares a call with its state at the last tick. A call over its budget gets the signal at each tick. */
static void look_at(struct pa_budget *budget)
{
	uint64_t call = atomic_load_explicit(&budget->call, memory_order_acquire);

	if (call % 2 == 0) {
		set_hung(budget, false);
		return;
	}
	pthread_t thread = atomic_load_explicit(&budget->thread, memory_order_relaxed);
	int64_t used = cpu_ns(thread);
	if (call != budget->seen_call || used < 0) {
		set_hung(budget, false);
		budget->seen_call = call;
		budget->seen_cpu_ns = used;
		return;
	}
	int64_t over_ms = (used - budget->seen_cpu_ns) / 1000000 - budget->cpu_ms;
	if (over_ms < 0 || atomic_load_explicit(&budget->waiting, memory_order_relaxed) > 0)
		return;
	if (over_ms > HUNG_AFTER_MS)
		set_hung(budget, true);
	atomic_store_explicit(&budget->due, call, memory_order_relaxed);
	pthread_kill(thread, SIGURG);
}

static void *watch(void *unused)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};

	(void)unused;
	for (;;) {
		nanosleep(&tick, NULL);
		pthread_mutex_lock(&watchdog.mutex);
		for (struct pa_budget *budget = watchdog.first; budget; budget = budget->next)
			look_at(budget);
		pthread_mutex_unlock(&watchdog.mutex);
	}
	return NULL;
}

static void start(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pthread_attr_t attributes;
	pthread_t thread;

	sigemptyset(&action.sa_mask);
	sigaction(SIGURG, &action, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, watch, NULL) != 0)
		pa_log(PA_LOG_ERROR, NULL, NULL, "cannot start the watchdog thread: scripts run without a CPU budget", NULL);
	pthread_attr_destroy(&attributes);
}

void pa_budget_watch(struct pa_budget *budget)
{
	pthread_once(&watchdog.started, start);
	pthread_mutex_lock(&watchdog.mutex);
	budget->previous = NULL;
	budget->next = watchdog.first;
	if (budget->next)
		budget->next->previous = budget;
	watchdog.first = budget;
	pthread_mutex_unlock(&watchdog.mutex);
}

void pa_budget_forget(struct pa_budget *budget)
{
	pthread_mutex_lock(&watchdog.mutex);
	set_hung(budget, false);
	if (budget->previous)
		budget->previous->next = budget->next;
	else
		watchdog.first = budget->next;
	if (budget->next)
		budget->next->previous = budget->previous;
	pthread_mutex_unlock(&watchdog.mutex);
}

void pa_budget_begin(struct pa_budget *budget, lua_State *state)
{
	atomic_store_explicit(&budget->spent, false, memory_order_relaxed);
	atomic_store_explicit(&budget->state, state, memory_order_relaxed);
	atomic_store_explicit(&budget->thread, pthread_self(), memory_order_relaxed);
	atomic_store_explicit(&running, budget, memory_order_relaxed);
	atomic_store_explicit(
		&budget->call, atomic_load_explicit(&budget->call, memory_order_relaxed) + 1, memory_order_release);
}

void pa_budget_end(struct pa_budget *budget)
{
	atomic_store_explicit(
		&budget->call, atomic_load_explicit(&budget->call, memory_order_relaxed) + 1, memory_order_release);
	atomic_store_explicit(&running, NULL, memory_order_relaxed);
}

void pa_budget_switch(lua_State *state)
{
	struct pa_budget *budget = atomic_load_explicit(&running, memory_order_relaxed);

	if (!budget)
		return;
	atomic_store_explicit(&budget->state, state, memory_order_relaxed);
	if (atomic_load_explicit(&budget->spent, memory_order_relaxed))
		lua_sethook(state, raise_spent, LUA_MASKCOUNT, 1);
}

unsigned pa_budget_hung(void)
{
	pthread_mutex_lock(&watchdog.mutex);
	unsigned hung = watchdog.hung;
	pthread_mutex_unlock(&watchdog.mutex);
	return hung;
}
