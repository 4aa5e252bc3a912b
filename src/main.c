/* Reads a plan from the arguments; then runs its task, or its servers until a signal. */
#include <limits.h>
#include <stdbool.h>

#include "base/log.h"
#include "base/memory.h"
#include "run/command.h"
#include "run/process.h"
#include "run/servers.h"
#include "run/signals.h"
#include "run/task.h"

static int run(int argc, char **argv)
{
	struct pa_error error = {0};
	char library[PATH_MAX];
	struct pa_plan plan;

	if (pa_process_find_library(library, sizeof library) < 0) {
		pa_log_say("the Lua files are not where they belong: beside the program's folder in ../share/partnerapp, or in "
				   "../../lua of its sources. Install it with cmake --install");
		return PA_EXIT_FAILED;
	}
	if (pa_command_plan(library, argc, argv, &plan, &error) < 0) {
		pa_log_say("%s", error.text);
		pa_plan_free(&plan);
		return PA_EXIT_FAILED;
	}
	pa_log_open((enum pa_log_level)plan.log_level, plan.log_form);
	if (plan.log_requests)
		pa_log_show_requests();
	pa_memory_limit(plan.memory_max);
	int code = plan.exit_code;
	bool is_command = plan.task || plan.server_count == 0;
	if (plan.task && plan.server_count > 0) {
		pa_plan_drop_scripts(&plan); /* the task has others: those of the app too */
		code = pa_task_run_plan(&plan, library);
	} else if (plan.server_count > 0) {
		code = pa_servers_run(&plan, library);
	}
	pa_plan_free(&plan);
	if (!is_command || !pa_process_lost_output())
		return code;
	pa_log_say("standard output did not take all of it: is the disk full?");
	return code ? code : PA_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	pa_signals_block();
	pa_process_prepare();
	pa_memory_prepare();
	pa_log_open(PA_LOG_WARN, PA_LINE_TEXT);
	if (pa_log_begin() < 0) {
		pa_log_say("not enough memory or threads");
		return PA_EXIT_FAILED;
	}
	int code = run(argc, argv);
	pa_log_end();
	return code;
}
