/* For tests of VMs: a folder of scripts, a VM made from it, and what a call gives. */
#ifndef VM_FIXTURE_H
#define VM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "script/vm.h"

struct fixture {
	char folder[64];
	struct pa_vm *vm;
	struct pa_fault fault;
	struct pa_response response;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	strcpy(fixture->folder, "/tmp/vm_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	pa_vm_free(fixture->vm);
	pa_fault_free(&fixture->fault);
	pa_response_free(&fixture->response);
	snprintf(command, sizeof command, "rm -r %s", fixture->folder);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static inline void save(const struct fixture *fixture, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Saves `text` as the entry module of an app and makes a VM; NULL when it does not load. */
static inline struct pa_vm *load(struct fixture *fixture, const char *text)
{
	const char *const folders[PA_ROOMS] = {[PA_ROOM_APP] = fixture->folder};
	struct pa_error error;

	save(fixture, "entry.lua", text);
	struct pa_snapshot *scripts = pa_snapshot_read(folders, &error);
	assert_non_null(scripts);
	fixture->vm =
		pa_vm_new(&(struct pa_vm_options){.snapshot = scripts, .entry = "entry", .memory_max = 8 << 20, .cpu_ms = 200},
			&fixture->fault);
	pa_snapshot_release(scripts);
	return fixture->vm;
}

static inline struct pa_request get_request(void)
{
	return (struct pa_request){.method = {"GET", 3},
		.target = {"/x", 2},
		.path = {"/x", 2},
		.ip = {"127.0.0.1", 9},
		.host = {"localhost", 9},
		.id = "r1"};
}

/* Loads a handler whose body is `text`, and calls it once. */
static inline int handle(struct fixture *fixture, const char *text)
{
	struct pa_request request = get_request();
	char module[4096];

	snprintf(module, sizeof module,
		"local function handle(req) %s end\n"
		"return { handle = handle, failed = function(_, e) return { status = 500, body = tostring(e) } end }",
		text);
	assert_non_null(load(fixture, module));
	return pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault);
}

static inline void assert_body(const struct fixture *fixture, const char *text)
{
	assert_int_equal(fixture->response.body.length, strlen(text));
	assert_memory_equal(fixture->response.body.at, text, strlen(text));
}

static inline void assert_fault(const struct fixture *fixture, const char *part)
{
	assert_non_null(fixture->fault.message);
	if (!strstr(fixture->fault.message, part))
		fail_msg("'%s' is not in: %s", part, fixture->fault.message);
}

#endif
