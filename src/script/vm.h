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

/* Calls body(L) protected, with `context` as its only argument (light userdata). `work`: what it does, for its limits,
 * without `server`; NULL: it has no limits. 0, or -1 with a fault. */
struct lua_State;
struct pa_budget_work;
int pa_vm_protect(struct pa_vm *vm, int (*body)(struct lua_State *), void *context, const struct pa_budget_work *work,
	struct pa_fault *fault);

/* Whether a call has spent its CPU budget. */
bool pa_vm_spent(const struct pa_vm *vm);

/* Makes a VM ready to be kept without work: its garbage is collected when there is much of it, and unused memory is
 * given back. False when it should be freed: its budget is spent, or most of its memory stays unused. */
bool pa_vm_settle(struct pa_vm *vm);

/* Bytes in use. */
size_t pa_vm_memory(const struct pa_vm *vm);

#endif
