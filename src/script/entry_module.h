/*
 * What a VM's entry module (PA_VM_ENTRY) is called for besides requests: tasks, jobs, questions of another server. Used
 * by the thread that has the VM. Never raises: a Lua error becomes a fault, which the caller frees.
 */
#ifndef PA_ENTRY_MODULE_H
#define PA_ENTRY_MODULE_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"
#include "script/vm.h"

/* Calls entry.run(arguments), with a list of strings, for the command line. It must return the exit code, an integer
 * from 0 to 255. 0, or -1 with a fault. */
int pa_entry_module_run(struct pa_vm *vm, char *const *arguments, size_t count, int *exit_code, struct pa_fault *fault);

/* Calls entry.run_due(lane), which runs at most one job of that lane. 0 with the seconds until the next job is due in
 * *seconds (0: now; less than 0: no job is planned), or -1 with a fault. */
int pa_entry_module_run_due(struct pa_vm *vm, const char *lane, double *seconds, struct pa_fault *fault);

/* Calls entry.lanes(), which returns a list of at most PA_ENTRY_MODULE_LANES names. 0, or -1 with a fault. */
enum { PA_ENTRY_MODULE_LANES = 16, PA_ENTRY_MODULE_LANE_SIZE = 104 };
struct pa_entry_module_lanes {
	char names[PA_ENTRY_MODULE_LANES][PA_ENTRY_MODULE_LANE_SIZE];
	size_t count;
};
int pa_entry_module_lanes(struct pa_vm *vm, struct pa_entry_module_lanes *lanes, struct pa_fault *fault);

/* Calls entry.ask(question), for another server of this process, and adds the string that it returns to `answer`. 0, or
 * -1 with a fault. */
int pa_entry_module_ask(struct pa_vm *vm, struct pa_span question, struct pa_buffer *answer, struct pa_fault *fault);

#endif
