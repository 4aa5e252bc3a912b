/* A lua_State: its memory, its protected calls and their faults. */
#include "script/vm.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "native/native.h"
#include "native/request.h"
#include "native/response.h"
#include "script/budget.h"
#include "script/heap.h"
#include "script/modules.h"
#include "script/recursion.h"

/* Functions that stay at the bottom of the VM's stack. */
enum { KEEP_TRACEBACK_SLOT = 1, HANDLE_SLOT, FAILED_SLOT };

/* Registry keys; the values of the last failure, for entry.failed. */
#define ERROR_VALUE "partnerapp.error"
#define ERROR_TRACEBACK "partnerapp.traceback"
#define REQUEST_OBJECT "partnerapp.request"

struct pa_vm {
	lua_State *L;
	struct pa_native_context context;
	struct pa_budget budget;
	struct pa_heap heap;
	size_t settled; /* bytes that the heap held after its last full collection */
	bool watched, spent;
};

enum { GROWN = 256 << 10 }; /* bytes more than after the last full collection: there is much garbage */

void pa_fault_free(struct pa_fault *fault)
{
	free(fault->message);
	free(fault->traceback);
	*fault = (struct pa_fault){0};
}

/* A large block may be the stack of a recursion. */
static void look_at_depth(struct pa_vm *vm)
{
	lua_State *running = atomic_load_explicit(&vm->budget.state, memory_order_relaxed);

	if (running)
		pa_recursion_watch(running);
}

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
	struct pa_vm *vm = context;

	if (new_size > old_size && pa_budget_refuses(&vm->budget))
		return NULL;
	/* Lua passes a type of object as old_size when there is no block. */
	void *moved = pa_heap_resize(&vm->heap, block, block ? old_size : 0, new_size);
	if (new_size > vm->heap.limit / PA_RECURSION_SHARE && new_size > old_size && moved)
		look_at_depth(vm);
	return moved;
}

/* Message handler: keeps the error value, which may be a table, and stores the traceback in the registry. */
static int l_keep_traceback(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING) {
		pa_recursion_explain(L);
		luaL_traceback(L, L, NULL, 1);
		lua_setfield(L, LUA_REGISTRYINDEX, ERROR_TRACEBACK);
	}
	return 1;
}

static int l_describe(lua_State *L)
{
	luaL_tolstring(L, 1, NULL);
	return 1;
}

static int l_check_budget(lua_State *L)
{
	pa_budget_check(L);
	return 0;
}

static char *copy_text(lua_State *L, int index)
{
	const char *text = lua_tostring(L, index);

	return text ? strdup(text) : NULL;
}

/* Pops the error value of a protected call: stores it for entry.failed and describes it in *fault. May call the
 * script's own __tostring. */
static void take_fault(struct pa_vm *vm, int status, struct pa_fault *fault)
{
	lua_State *L = vm->L;
	int top = lua_gettop(L); /* the error value */

	pa_fault_free(fault);
	if (status == LUA_ERRMEM && pa_budget_refuses(&vm->budget)) { /* there was memory, but no time */
		lua_pushcfunction(L, l_check_budget);
		status = lua_pcall(L, 0, 0, 0);
		lua_remove(L, top);
	}
	if (status != LUA_ERRRUN || lua_type(L, top) != LUA_TSTRING) { /* the stored traceback is of an earlier error */
		lua_pushboolean(L, 0);
		lua_setfield(L, LUA_REGISTRYINDEX, ERROR_TRACEBACK);
	}
	lua_pushcfunction(L, l_describe);
	lua_pushvalue(L, top);
	if (status == LUA_ERRMEM || lua_pcall(L, 1, 1, 0) != LUA_OK || !lua_isstring(L, -1))
		fault->message = strdup(status == LUA_ERRMEM ? "not enough memory" : "error in the error's __tostring");
	else
		fault->message = copy_text(L, -1);
	lua_settop(L, top);
	/* The script may have caught the error and raised another with its text. */
	bool refused = vm->heap.refused || vm->context.refused;
	fault->no_memory = !fault->message || (refused && strstr(fault->message, "not enough memory"));
	if (lua_getfield(L, LUA_REGISTRYINDEX, ERROR_TRACEBACK) == LUA_TSTRING)
		fault->traceback = copy_text(L, -1);
	lua_settop(L, top);
	lua_setfield(L, LUA_REGISTRYINDEX, ERROR_VALUE); /* needs no memory: forget_error made the field */
}

static void begin(struct pa_vm *vm, const struct pa_budget_work *work)
{
	struct pa_budget_work named = *work;

	named.server = vm->context.services ? vm->context.services->name : NULL;
	pa_budget_begin(&vm->budget, vm->L, &named);
}

/* The only protected call: the function and its arguments are on the stack. Without `work` it has no limits; its
 * `server` is filled in. 0, or -1 with a fault. */
static int call(struct pa_vm *vm, int arguments, int results, const struct pa_budget_work *work, struct pa_fault *fault)
{
	lua_State *L = vm->L;

	vm->heap.refused = vm->context.refused = false;
	vm->context.stack = (uintptr_t)__builtin_frame_address(0);
	if (work)
		begin(vm, work);
	int status = lua_pcall(L, arguments, results, KEEP_TRACEBACK_SLOT);
	if (status != LUA_OK)
		take_fault(vm, status, fault);
	if (work) {
		pa_budget_end(&vm->budget);
		if (atomic_load_explicit(&vm->budget.spent, memory_order_relaxed)) {
			lua_sethook(L, NULL, 0, 0);
			vm->spent = true;
			pa_stats_add(PA_STAT_BUDGET_SPENT, 1);
		}
	}
	return status == LUA_OK ? 0 : -1;
}

static void forget_error(lua_State *L)
{
	lua_pushboolean(L, 0);
	lua_setfield(L, LUA_REGISTRYINDEX, ERROR_VALUE);
	lua_pushboolean(L, 0);
	lua_setfield(L, LUA_REGISTRYINDEX, ERROR_TRACEBACK);
}

static void require_entry(lua_State *L, const struct pa_vm_options *options)
{
	pa_modules_require(L, options->entry);
	if (!lua_istable(L, -1))
		luaL_error(L, "module '%s' must return a table of functions", options->entry);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	if (!options->broken)
		return;
	lua_getfield(L, -1, "broken");
	lua_pushstring(L, options->broken->message);
	lua_pushstring(L, options->broken->traceback);
	lua_pushboolean(L, options->beside);
	lua_call(L, 3, 0);
}

/* Returns the functions for HANDLE_SLOT and FAILED_SLOT. */
static int l_open(lua_State *L)
{
	const struct pa_vm_options *options = lua_touserdata(L, 1);

	forget_error(L);
	lua_pushboolean(L, 0);
	lua_setfield(L, LUA_REGISTRYINDEX, REQUEST_OBJECT);
	pa_modules_open(L, options->privileged);
	require_entry(L, options);
	lua_getfield(L, -1, "handle");
	lua_getfield(L, -2, "failed");
	return 2;
}

/* Prints the error of a raise outside a protected call, which is a bug in C; Lua then ends the process. */
static int l_panic(lua_State *L)
{
	const char *message = lua_tostring(L, -1);

	pa_log_say("unprotected error in Lua: %s", message ? message : "(no message)");
	return 0;
}

struct pa_vm *pa_vm_new(const struct pa_vm_options *options, struct pa_fault *fault)
{
	struct pa_vm *vm = calloc(1, sizeof *vm);

	if (!vm)
		goto no_memory;
	vm->heap.limit = options->memory_max ? options->memory_max : PA_HEAP_LIMIT;
	vm->budget.cpu_ms = options->cpu_ms ? options->cpu_ms : PA_BUDGET_CPU_MS;
	vm->context = (struct pa_native_context){.services = options->services, .call = &vm->budget.native};
	vm->L = lua_newstate(allocate, vm);
	if (!vm->L)
		goto no_memory;
	lua_atpanic(vm->L, l_panic);
	/* Generational mode, for most values of a request are garbage when it ends. The pause of 125 % counts in this mode
	 * too: after a collection that freed little, the default would wait until memory has doubled. */
	lua_gc(vm->L, LUA_GCINC, 125, 0, 0);
	lua_gc(vm->L, LUA_GCGEN, 0, 0);
	pa_native_attach(vm->L, &vm->context);
	vm->context.snapshot = pa_snapshot_retain(options->snapshot);
	pa_budget_watch(&vm->budget);
	vm->watched = true;
	lua_pushcfunction(vm->L, l_keep_traceback);
	lua_pushcfunction(vm->L, l_open);
	lua_pushlightuserdata(vm->L, (void *)(uintptr_t)options);
	const struct pa_budget_work work = {.kind = "loading", .only_one = options->first};
	if (call(vm, 1, 2, &work, fault) < 0) {
		pa_vm_free(vm);
		return NULL;
	}
	lua_gc(vm->L, LUA_GCCOLLECT, 0); /* frees the garbage of loading; minor collections skip all that is left */
	vm->settled = vm->heap.held;
	return vm;

no_memory:
	pa_vm_free(vm);
	pa_fault_free(fault);
	fault->message = strdup("not enough memory for a VM");
	fault->no_memory = true;
	return NULL;
}

void pa_vm_free(struct pa_vm *vm)
{
	if (!vm)
		return;
	if (vm->L)
		lua_close(vm->L);
	if (vm->watched)
		pa_budget_forget(&vm->budget);
	if (vm->context.snapshot)
		pa_snapshot_release(vm->context.snapshot);
	pa_heap_close(&vm->heap);
	free(vm);
}

struct exchange {
	const struct pa_request *request;
	struct pa_response *response;
	bool failed; /* call entry.failed instead of entry.handle */
};

static int l_exchange(lua_State *L)
{
	const struct exchange *exchange = lua_touserdata(L, 1);
	int arguments = 1;

	pa_native_request_push(L, exchange->request);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, REQUEST_OBJECT);
	if (exchange->failed) {
		lua_getfield(L, LUA_REGISTRYINDEX, ERROR_VALUE);
		lua_getfield(L, LUA_REGISTRYINDEX, ERROR_TRACEBACK);
		arguments = 3;
	}
	lua_call(L, arguments, 1);
	pa_native_response_read(L, exchange->response);
	return 0;
}

static int run_exchange(struct pa_vm *vm, struct exchange *exchange, struct pa_fault *fault)
{
	lua_State *L = vm->L;
	const struct pa_services *services = vm->context.services;
	const struct pa_budget_work work = {
		.kind = "request", .request = exchange->request, .wall_ms = services ? services->request_ms : 0};

	pa_response_reset(exchange->response);
	vm->context.request = exchange->request;
	vm->context.late_ms = work.wall_ms > 0 ? pa_clock_ms() + work.wall_ms : 0;
	lua_pushcfunction(L, l_exchange);
	lua_pushlightuserdata(L, exchange);
	lua_pushvalue(L, exchange->failed ? FAILED_SLOT : HANDLE_SLOT);
	int result = call(vm, 2, 0, &work, fault);
	if (lua_getfield(L, LUA_REGISTRYINDEX, REQUEST_OBJECT) == LUA_TUSERDATA)
		pa_native_request_end(L, -1);
	lua_settop(L, FAILED_SLOT);
	vm->context.request = NULL;
	vm->context.late_ms = 0;
	if (result < 0)
		pa_response_reset(exchange->response);
	return result;
}

int pa_vm_handle(
	struct pa_vm *vm, const struct pa_request *request, struct pa_response *response, struct pa_fault *fault)
{
	struct exchange exchange = {.request = request, .response = response};

	return run_exchange(vm, &exchange, fault);
}

int pa_vm_fail(struct pa_vm *vm, const struct pa_request *request, struct pa_response *response)
{
	struct exchange exchange = {.request = request, .response = response, .failed = true};
	struct pa_fault second = {0};

	int result = run_exchange(vm, &exchange, &second);
	pa_fault_free(&second);
	return result;
}

int pa_vm_protect(struct pa_vm *vm, int (*body)(lua_State *), void *context, const struct pa_budget_work *work,
	struct pa_fault *fault)
{
	lua_pushcfunction(vm->L, body);
	lua_pushlightuserdata(vm->L, context);
	int result = call(vm, 1, 0, work, fault);
	lua_settop(vm->L, FAILED_SLOT);
	return result;
}

bool pa_vm_spent(const struct pa_vm *vm)
{
	return vm->spent;
}

bool pa_vm_settle(struct pa_vm *vm)
{
	if (vm->spent)
		return false;
	if (vm->heap.held > vm->settled + GROWN) {
		lua_gc(vm->L, LUA_GCCOLLECT, 0);
		if (pa_heap_is_sparse(&vm->heap))
			return false;
		vm->settled = vm->heap.held;
	}
	pa_heap_settle(&vm->heap);
	return true;
}

size_t pa_vm_memory(const struct pa_vm *vm)
{
	return vm->heap.used;
}
