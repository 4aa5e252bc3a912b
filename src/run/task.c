/* Runs a module of lua/cli in a VM of its own. */
#include "run/task.h"

#include <poll.h>
#include <stdio.h>

#include "base/log.h"
#include "base/stats.h"
#include "run/process.h"
#include "run/services.h"
#include "run/signals.h"
#include "script/entry_module.h"
#include "script/snapshot.h"
#include "script/vm.h"
#include "script/watch.h"

enum { CPU_MS = 5000, LONG_CPU_MS = 600000 };

int pa_task_run(const struct pa_task *task, int *code, struct pa_error *error)
{
	struct pa_room_paths paths;
	char entry[64];
	struct pa_fault fault = {0};
	int result = -1;

	pa_rooms_locate(&paths, task->app, task->library, true);
	snprintf(entry, sizeof entry, "cli.%s", task->name);
	struct pa_snapshot *snapshot =
		task->scripts ? pa_snapshot_retain(task->scripts) : pa_snapshot_read(paths.folders, error);
	if (!snapshot)
		return -1;
	struct pa_vm *vm = pa_vm_new(
		&(struct pa_vm_options){
			.snapshot = snapshot,
			.services = task->services,
			.entry = entry,
			.privileged = true,
			.cpu_ms = task->long_running ? LONG_CPU_MS : CPU_MS,
		},
		&fault);
	if (vm)
		result = pa_entry_module_run(vm, task->arguments, task->argument_count, code, &fault);
	if (result < 0)
		pa_error_set(error, "script", "%s", fault.message ? fault.message : "not enough memory");
	pa_vm_free(vm);
	pa_fault_free(&fault);
	pa_snapshot_release(snapshot);
	return result;
}

/* Waits until the scripts have changed. False when they cannot be watched any more. */
static bool wait_for_change(struct pa_watch *watch)
{
	struct pollfd ready = {.fd = pa_watch_fd(watch), .events = POLLIN};
	int wait_ms = -1;

	while (!pa_watch_settle(watch, &wait_ms))
		if (poll(&ready, 1, wait_ms) < 0)
			return false;
	return true;
}

static void run_once(const struct pa_task *task, int *code)
{
	struct pa_error error = {0};

	if (pa_task_run(task, code, &error) < 0)
		pa_log_say("%s", error.text);
}

/* Runs the task, and again at each change; a signal ends the process. A change during a run counts: the scripts are
 * watched before it. */
static void run_at_changes(const struct pa_task *task, int *code)
{
	struct pa_room_paths paths;
	struct pa_error error = {0};

	pa_rooms_locate(&paths, task->app, task->library, false);
	struct pa_watch *watch = pa_watch_open(paths.folders, PA_ROOMS, NULL, &error);
	if (!watch)
		pa_log_say("cannot watch the scripts: %s", error.text);
	do
		run_once(task, code);
	while (watch && wait_for_change(watch));
	pa_watch_close(watch);
}

int pa_task_run_plan(const struct pa_plan *plan, const char *library)
{
	const struct pa_plan_server *server = &plan->servers[0];
	struct pa_error error = {0};
	int code = PA_EXIT_FAILED;

	if (!plan->keeps_signals)
		pa_signals_unblock();
	struct pa_services *services = pa_services_open(&server->services, &error);
	const struct pa_task task = {
		.name = plan->task,
		.library = library,
		.app = server->app,
		.services = services,
		.arguments = plan->arguments,
		.argument_count = plan->argument_count,
		.long_running = plan->long_running,
	};
	if (!services)
		pa_log_say("%s", error.text);
	else if (plan->watch)
		run_at_changes(&task, &code);
	else
		run_once(&task, &code);
	pa_services_close(services);
	return pa_stats_read(PA_STAT_LEAKED) > 0 ? PA_EXIT_FAILED : code;
}
