/*
 * One lua_State: its modules, strict globals, budget and protected calls. A VM is used by one thread at a time; whose
 * turn it is, the pool decides. Nothing here raises: every Lua error ends in a struct pa_fault.
 */
#ifndef PA_VM_H
#define PA_VM_H

#include "base/error.h"
#include "base/message.h"
#include "native/services.h"
#include "script/snapshot.h"

#include <stdbool.h>

struct pa_vm;

/* Why a script failed. Owned by the caller, freed with pa_fault_free; zero is empty. */
struct pa_fault {
	char *message;   /* "routes.lua:12: …" */
	char *traceback; /* may be NULL */
};
void pa_fault_free(struct pa_fault *fault);

struct pa_vm_options {
	struct pa_snapshot *snapshot; /* retained */
	struct pa_services *services; /* borrowed; outlives the VM; may be NULL for the command line */
	const char *entry;            /* the module to load: "partnerapp.host" for a server */
	const struct pa_fault
		*broken;       /* told to entry.broken(message, traceback): why the real entry cannot run; or NULL */
	bool check;        /* also calls entry.check(): what no request would have found yet */
	bool privileged;   /* the command line: may require native.files */
	size_t memory_max; /* bytes; 0 is the default of 32 MiB */
	unsigned cpu_ms;   /* a call's budget of thread CPU; 0 is the default of 2 s */
};

/* Loads the entry module, whose value must be a table of functions. NULL with a fault. */
struct pa_vm *pa_vm_new(const struct pa_vm_options *options, struct pa_fault *fault);
void pa_vm_free(struct pa_vm *vm);

/*
 * Calls entry.handle(request) and copies what it returned into *response. 0, or -1 with a fault; the caller then asks
 * pa_vm_fail for an answer. A VM whose budget was spent (pa_vm_spent) must be freed, not used again.
 */
int pa_vm_handle(
	struct pa_vm *vm, const struct pa_request *request, struct pa_response *response, struct pa_fault *fault);

/* Calls entry.failed(request, value, traceback) with the error value of the last fault, for a page about it. 0, or -1
 * when that failed too. */
int pa_vm_fail(struct pa_vm *vm, const struct pa_request *request, struct pa_response *response);

/*
 * Calls entry.run(arguments), a list of strings, for the command line; its value must be an integer from 0 to 255, the
 * exit code. 0, or -1 with a fault.
 */
int pa_vm_run(struct pa_vm *vm, char *const *arguments, size_t count, int *exit_code, struct pa_fault *fault);

/*
 * Calls entry.run_due(lane), which runs at most one job of that lane. 0 and in *seconds how long nothing will be due
 * (0: ask again at once, less: nothing ever is), or -1 with a fault.
 */
int pa_vm_run_due(struct pa_vm *vm, const char *lane, double *seconds, struct pa_fault *fault);

/* Calls entry.lanes(), a list of at most PA_VM_LANES names. 0, or -1 with a fault. */
enum { PA_VM_LANES = 16, PA_VM_LANE_SIZE = 104 };
struct pa_vm_lanes {
	char names[PA_VM_LANES][PA_VM_LANE_SIZE];
	size_t count;
};
int pa_vm_lanes(struct pa_vm *vm, struct pa_vm_lanes *lanes, struct pa_fault *fault);

/*
 * Calls body(L) protected and without a budget, with `context` as its one argument (light userdata). For what needs Lua
 * beyond the calls above: the plan of a command. 0, or -1 with a fault.
 */
struct lua_State;
int pa_vm_protect(struct pa_vm *vm, int (*body)(struct lua_State *), void *context, struct pa_fault *fault);

bool pa_vm_spent(const struct pa_vm *vm);
size_t pa_vm_memory(const struct pa_vm *vm); /* bytes in use */

#endif
