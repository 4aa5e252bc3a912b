/*
 * A VM: one lua_State with its modules, globals, memory, CPU budget and protected calls. Used by one thread at a time
 * (script/pool leases VMs). Never raises: a Lua error becomes a fault.
 */
#ifndef PA_VM_H
#define PA_VM_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/message.h"
#include "base/text.h"
#include "native/services.h"
#include "script/snapshot.h"

#include <stdbool.h>

struct pa_vm;

#define PA_VM_ENTRY "partnerapp.entry" /* the registry key of the entry module, for pa_vm_protect */

/* Why a script raised. The caller owns it and frees it with pa_fault_free; zero is empty. */
struct pa_fault {
	char *message;   /* "routes.lua:12: …" */
	char *traceback; /* may be NULL */
	bool no_memory;  /* the process had none left (SCRIPT_MEMORY): the same call may work later */
};
void pa_fault_free(struct pa_fault *fault);

struct pa_vm_options {
	struct pa_snapshot *snapshot;  /* retained */
	struct pa_services *services;  /* borrowed; outlives the VM; NULL while the command line makes a plan */
	const char *entry;             /* the module to load: "partnerapp.host" for an app */
	const struct pa_fault *broken; /* passed to entry.broken(message, traceback, beside): why the app cannot run; or
									* NULL */
	bool beside;                   /* scripts that were read before go on meanwhile; for entry.broken */
	bool first;                    /* of its generation: others wait for it */
	bool privileged;               /* for the command line: its modules may require native.files */
	size_t memory_max;             /* bytes; 0 is the default of 32 MiB */
	unsigned cpu_ms;               /* of thread CPU, the budget of a call; 0 is the default of 2 s */
};

/* Makes a VM and loads the entry module, which must return a table of functions. NULL with a fault. */
struct pa_vm *pa_vm_new(const struct pa_vm_options *options, struct pa_fault *fault);

/* NULL does nothing. */
void pa_vm_free(struct pa_vm *vm);

/*
 * Calls entry.handle(request) and copies the response it returns. 0, or -1 with a fault: the caller then calls
 * pa_vm_fail for a response. A VM that has spent its budget (pa_vm_spent) is good for pa_vm_fail only, and then freed.
 */
int pa_vm_handle(
	struct pa_vm *vm, const struct pa_request *request, struct pa_response *response, struct pa_fault *fault);

/* Calls entry.failed(request, value, traceback) with the error value of the last fault; copies the response, a page
 * about the fault. 0, or -1 when that raised too. */
int pa_vm_fail(struct pa_vm *vm, const struct pa_request *request, struct pa_response *response);

/* Calls entry.run(arguments), with a list of strings, for the command line. It must return the exit code, an integer
 * from 0 to 255. 0, or -1 with a fault. */
int pa_vm_run(struct pa_vm *vm, char *const *arguments, size_t count, int *exit_code, struct pa_fault *fault);

/* Calls entry.run_due(lane), which runs at most one job of that lane. 0 with the seconds until the next job is due in
 * *seconds (0: now; less than 0: no job is planned), or -1 with a fault. */
int pa_vm_run_due(struct pa_vm *vm, const char *lane, double *seconds, struct pa_fault *fault);

/* Calls entry.lanes(), which returns a list of at most PA_VM_LANES names. 0, or -1 with a fault. */
enum { PA_VM_LANES = 16, PA_VM_LANE_SIZE = 104 };
struct pa_vm_lanes {
	char names[PA_VM_LANES][PA_VM_LANE_SIZE];
	size_t count;
};
int pa_vm_lanes(struct pa_vm *vm, struct pa_vm_lanes *lanes, struct pa_fault *fault);

/* Calls entry.ask(question), for another server of this process, and adds the string that it returns to `answer`. 0, or
 * -1 with a fault. */
int pa_vm_ask(struct pa_vm *vm, struct pa_span question, struct pa_buffer *answer, struct pa_fault *fault);

/* Calls body(L) protected, without a CPU budget, with `context` as its only argument (light userdata): for run/command,
 * which reads a plan, and script/body_limit. 0, or -1 with a fault. */
struct lua_State;
int pa_vm_protect(struct pa_vm *vm, int (*body)(struct lua_State *), void *context, struct pa_fault *fault);

/* Whether a call has spent its CPU budget. */
bool pa_vm_spent(const struct pa_vm *vm);

/* Makes a VM ready to be kept without work: its garbage is collected when there is much of it, and unused memory is
 * given back. False when it should be freed: its budget is spent, or most of its memory stays unused. */
bool pa_vm_settle(struct pa_vm *vm);

/* Bytes in use. */
size_t pa_vm_memory(const struct pa_vm *vm);

#endif
