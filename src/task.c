#include "task.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "scripts.h"
#include "vm.h"

enum { CPU_MS = 5000, LONG_CPU_MS = 600000 };

/* What goes through all tests, or all that is stored, may take long; what runs a partner's action may not. */
static unsigned cpu_ms_of(const char *task)
{
	static const char *const long_ones[] = {"test", "installs", "keys", "schema", NULL};

	for (size_t i = 0; long_ones[i]; i++)
		if (strcmp(task, long_ones[i]) == 0)
			return LONG_CPU_MS;
	return CPU_MS;
}

int pa_task_run(const struct pa_task *task, int *code, struct pa_error *error)
{
	char partnerapp[PATH_MAX + 16], cli[PATH_MAX + 16], entry[64];
	struct pa_fault fault = {0};
	int result = -1;

	snprintf(partnerapp, sizeof partnerapp, "%s/partnerapp", task->library);
	snprintf(cli, sizeof cli, "%s/cli", task->library);
	snprintf(entry, sizeof entry, "cli.%s", task->name);
	const char *const folders[PA_SCRIPTS_KINDS] = {task->app, partnerapp, cli};
	struct pa_scripts *scripts = pa_scripts_read(folders, error);
	if (!scripts)
		return -1;
	struct pa_vm *vm = pa_vm_new(
		&(struct pa_vm_options){
			.scripts = scripts,
			.services = task->services,
			.entry = entry,
			.privileged = true,
			.cpu_ms = cpu_ms_of(task->name),
		},
		&fault);
	if (vm)
		result = pa_vm_run(vm, task->arguments, task->argument_count, code, &fault);
	if (result < 0)
		pa_error_set(error, "script", "%s", fault.message ? fault.message : "not enough memory");
	pa_vm_free(vm);
	pa_fault_free(&fault);
	pa_scripts_release(scripts);
	return result;
}
