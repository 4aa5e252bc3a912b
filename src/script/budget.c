/* A watchdog thread, and the signal that it sends to a call over a limit. */
#include "script/budget.h"

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/message.h"
#include "base/stats.h"

enum {
	TICK_MS = 100,
	HUNG_AFTER_MS = 1000,   /* of CPU, after the first signal */
	BLOCKS_AFTER_MS = 8000, /* the same, for a call that others wait for: it may still end by itself */
};

/* The list of all budgets, which one thread checks. */
static struct {
	pthread_mutex_t mutex;
	pthread_once_t started;
	struct pa_budget *first;
	unsigned hung, blocking;
} watchdog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .started = PTHREAD_ONCE_INIT};

/* The budget of the call that this thread runs now, for the signal handler. */
static _Thread_local struct pa_budget *_Atomic running;

static void copy_span(char *to, size_t size, struct pa_span from)
{
	size_t length = from.length < size - 1 ? from.length : size - 1;

	if (length > 0)
		memcpy(to, from.at, length);
	to[length] = '\0';
}

/* Writes the innermost line of the app that runs; of the library when there is none. Lua is inside one C function or
 * one operation, for its hook would have raised at the next instruction: so its list of calls is whole. */
static void copy_line(lua_State *state, char *line, size_t size)
{
	lua_Debug info;

	line[0] = '\0';
	for (int level = 0; lua_getstack(state, level, &info) && lua_getinfo(state, "Sl", &info); level++) {
		if (info.currentline <= 0)
			continue;
		bool of_library = strncmp(info.source, "@partnerapp/", strlen("@partnerapp/")) == 0;
		if (!of_library || line[0] == '\0')
			snprintf(line, size, "%s:%d", info.short_src, info.currentline);
		if (!of_library)
			return;
	}
}

/* Raises at every instruction from now on, each time with the line of the first one: what catches it is not to blame.
 */
static void raise_spent(lua_State *L, lua_Debug *info)
{
	struct pa_budget *budget = atomic_load_explicit(&running, memory_order_relaxed);
	const char *reason = PA_BUDGET_SPENT;

	(void)info;
	if (!budget) {
		luaL_error(L, "%s", reason);
		return;
	}
	atomic_store_explicit(&budget->refuses, false, memory_order_relaxed); /* the message needs memory */
	if (budget->line[0] == '\0')
		copy_line(L, budget->line, sizeof budget->line);
	if (atomic_load_explicit(&budget->native.late, memory_order_relaxed))
		reason = PA_BUDGET_LATE;
	if (budget->line[0] != '\0')
		lua_pushfstring(L, "%s: %s", budget->line, reason);
	else
		lua_pushstring(L, reason);
	lua_error(L);
}

/* For the watchdog, which may not read what the call can free. */
static void tell_place(struct pa_budget *budget, lua_State *state)
{
	const struct pa_request *request = budget->work.request;
	struct pa_hung_place *place = &budget->place;

	*place = (struct pa_hung_place){0};
	copy_span(place->server, sizeof place->server, pa_text_span(budget->work.server));
	copy_span(place->kind, sizeof place->kind, pa_text_span(budget->work.kind));
	if (request) {
		copy_span(place->method, sizeof place->method, request->method);
		copy_span(place->path, sizeof place->path, request->path);
		copy_span(place->id, sizeof place->id, pa_text_span(request->id));
	}
	copy_line(state, place->line, sizeof place->line);
	atomic_store_explicit(&budget->asked, PA_BUDGET_TOLD, memory_order_release);
}

/* Lua allows lua_sethook in a signal handler; its own command line uses it there (lua.c). */
static void on_signal(int number)
{
	struct pa_budget *budget = atomic_load_explicit(&running, memory_order_relaxed);

	(void)number;
	if (!budget || atomic_load_explicit(&budget->native.waits, memory_order_relaxed) > 0 ||
		atomic_load_explicit(&budget->due, memory_order_relaxed) !=
			atomic_load_explicit(&budget->call, memory_order_relaxed))
		return;
	lua_State *state = atomic_load_explicit(&budget->state, memory_order_relaxed);
	if (!atomic_exchange_explicit(&budget->spent, true, memory_order_relaxed))
		atomic_store_explicit(&budget->refuses, true, memory_order_relaxed);
	if (!state)
		return;
	lua_sethook(state, raise_spent, LUA_MASKCOUNT, 1);
	if (atomic_load_explicit(&budget->asked, memory_order_relaxed) == PA_BUDGET_ASKED)
		tell_place(budget, state);
}

static int64_t cpu_ns(pthread_t thread)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return -1;
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void log_hung(const struct pa_budget *budget)
{
	const struct pa_hung_place *place = &budget->place;

	pa_log(PA_LOG_ERROR, place->server, place->id[0] ? place->id : NULL,
		"a script hangs inside a C function: it cannot be interrupted", "line", place->line, "in", place->kind,
		"method", place->method, "path", place->path, NULL);
}

static void set_hung(struct pa_budget *budget, bool hung)
{
	if (budget->hung == hung)
		return;
	budget->hung = hung;
	watchdog.hung += hung ? 1u : -1u;
	pa_stats_add(PA_STAT_HUNG, hung ? 1 : -1);
	if (hung) {
		pa_hung_begin(budget, &budget->place);
		log_hung(budget);
		return;
	}
	pa_hung_end(budget);
	pa_log(PA_LOG_ERROR, budget->place.server, NULL, "a script that hung has ended", "line", budget->place.line, NULL);
}

static void set_blocks(struct pa_budget *budget, bool blocks)
{
	if (budget->blocks == blocks)
		return;
	budget->blocks = blocks;
	watchdog.blocking += blocks ? 1u : -1u;
}

static void has_ended(struct pa_budget *budget)
{
	set_blocks(budget, false);
	set_hung(budget, false);
}

/* A call that is over its CPU budget since that time and still runs. */
static void look_at_spent(struct pa_budget *budget, int64_t over_ms)
{
	if (over_ms <= HUNG_AFTER_MS)
		return;
	if (atomic_load_explicit(&budget->asked, memory_order_acquire) == PA_BUDGET_TOLD)
		set_hung(budget, true);
	else
		atomic_store_explicit(&budget->asked, PA_BUDGET_ASKED, memory_order_relaxed);
	bool is_awaited = atomic_load_explicit(&budget->only_one, memory_order_relaxed) ||
					  atomic_load_explicit(&budget->native.writers, memory_order_relaxed) > 0;
	if (budget->hung && is_awaited && over_ms > BLOCKS_AFTER_MS)
		set_blocks(budget, true);
}

/* Compares a call with its state at the last tick. A call over a limit gets the signal at each tick. */
static void look_at(struct pa_budget *budget, int64_t now_ms)
{
	uint64_t call = atomic_load_explicit(&budget->call, memory_order_acquire);

	if (call % 2 == 0) {
		has_ended(budget);
		return;
	}
	pthread_t thread = atomic_load_explicit(&budget->thread, memory_order_relaxed);
	int64_t used = cpu_ns(thread);
	if (call != budget->seen_call || used < 0) {
		has_ended(budget);
		budget->seen_call = call;
		budget->seen_cpu_ns = used;
		budget->seen_ms = now_ms;
		return;
	}
	unsigned wall_ms = atomic_load_explicit(&budget->wall_ms, memory_order_relaxed);
	bool late = wall_ms > 0 && now_ms - budget->seen_ms > wall_ms;
	int64_t own_ns = used - budget->seen_cpu_ns - atomic_load_explicit(&budget->asked_cpu_ns, memory_order_relaxed);
	int64_t over_ms = own_ns / 1000000 - budget->cpu_ms;
	bool waits = atomic_load_explicit(&budget->native.waits, memory_order_relaxed) > 0;
	if (!late && (over_ms < 0 || waits)) /* a wait takes no CPU time, but for that of a call that is asked */
		return;
	atomic_store_explicit(&budget->due, call, memory_order_relaxed);
	if (late)
		atomic_store_explicit(&budget->native.late, true, memory_order_relaxed);
	if (waits)
		return; /* pa_native_wait_end sends the signal when the call is late */
	look_at_spent(budget, over_ms);
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
			look_at(budget, pa_clock_ms());
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
	has_ended(budget);
	if (budget->previous)
		budget->previous->next = budget->next;
	else
		watchdog.first = budget->next;
	if (budget->next)
		budget->next->previous = budget->previous;
	pthread_mutex_unlock(&watchdog.mutex);
}

void pa_budget_begin(struct pa_budget *budget, lua_State *state, const struct pa_budget_work *work)
{
	atomic_store_explicit(&budget->spent, false, memory_order_relaxed);
	atomic_store_explicit(&budget->refuses, false, memory_order_relaxed);
	atomic_store_explicit(&budget->asked, PA_BUDGET_UNASKED, memory_order_relaxed);
	atomic_store_explicit(&budget->native.late, false, memory_order_relaxed);
	atomic_store_explicit(&budget->wall_ms, work->wall_ms, memory_order_relaxed);
	atomic_store_explicit(&budget->only_one, work->only_one, memory_order_relaxed);
	atomic_store_explicit(&budget->state, state, memory_order_relaxed);
	atomic_store_explicit(&budget->thread, pthread_self(), memory_order_relaxed);
	atomic_store_explicit(&budget->asked_cpu_ns, 0, memory_order_relaxed);
	budget->line[0] = '\0';
	budget->work = *work;
	budget->outer = atomic_load_explicit(&running, memory_order_relaxed);
	if (budget->outer)
		budget->begun_cpu_ns = cpu_ns(pthread_self());
	atomic_store_explicit(&running, budget, memory_order_relaxed);
	atomic_store_explicit(
		&budget->call, atomic_load_explicit(&budget->call, memory_order_relaxed) + 1, memory_order_release);
}

void pa_budget_end(struct pa_budget *budget)
{
	atomic_store_explicit(
		&budget->call, atomic_load_explicit(&budget->call, memory_order_relaxed) + 1, memory_order_release);
	if (budget->outer)
		atomic_fetch_add_explicit(
			&budget->outer->asked_cpu_ns, cpu_ns(pthread_self()) - budget->begun_cpu_ns, memory_order_relaxed);
	atomic_store_explicit(&running, budget->outer, memory_order_relaxed);
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

void pa_budget_check(lua_State *L)
{
	const struct pa_budget *budget = atomic_load_explicit(&running, memory_order_relaxed);

	if (budget && atomic_load_explicit(&budget->spent, memory_order_relaxed))
		raise_spent(L, NULL);
}

bool pa_budget_refuses(const struct pa_budget *budget)
{
	return atomic_load_explicit(&budget->refuses, memory_order_relaxed);
}

bool pa_budget_blocks(void)
{
	pthread_mutex_lock(&watchdog.mutex);
	bool blocks = watchdog.blocking > 0;
	pthread_mutex_unlock(&watchdog.mutex);
	return blocks;
}

unsigned pa_budget_hung(void)
{
	pthread_mutex_lock(&watchdog.mutex);
	unsigned hung = watchdog.hung;
	pthread_mutex_unlock(&watchdog.mutex);
	return hung;
}
