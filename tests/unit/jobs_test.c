/* Runners of jobs: lanes that could not be read at first are read again, and a slow lane does not delay another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/jobs.h"
#include "run/services.h"
#include "run/task.h"
#include "script/pool.h"

static const char app_text[] =
	"local partnerapp = require 'partnerapp'\n"
	"local db = require 'partnerapp.db'\n"
	"local app = partnerapp.new()\n"
	"db.migrate('runs', { 'CREATE TABLE runs (name TEXT)' })\n"
	"local function job(name)\n"
	"	app:every(1, name, function()\n"
	"		db.exec('INSERT INTO runs (name) VALUES (?)', name)\n"
	"		if name == 'slow' then\n"
	"			local n = 0\n"
	"			for i = 1, 1e12 do n = n + i end\n"
	"		end\n"
	"		return true\n"
	"	end, { lane = name })\n"
	"end\n"
	"job 'slow'\n"
	"job 'quick'\n"
	"app:get('/busy', function() for i = 1, 1e12 do end end)\n"
	"app:get('/runs', function(req)\n"
	"	local row = db.row('SELECT count(*) AS n FROM runs WHERE name = ?', req.query.name)\n"
	"	return require('partnerapp.reply').text(tostring(row.n))\n"
	"end)\n"
	"return app\n";

struct fixture {
	char folder[64], path[80];
	struct pa_services *services;
	struct pa_room_paths paths;
	struct pa_pool *pool;
};

static const struct pa_setting settings[] = {{(char[]){"PUBLIC_URL"}, (char[]){"http://localhost"}}};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct pa_error error;
	int code = -1;

	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	strcpy(fixture->folder, "/tmp/jobs_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/init.lua", fixture->folder);
	FILE *file = fopen(fixture->path, "w");
	assert_non_null(file);
	fputs(app_text, file);
	fclose(file);
	fixture->services = pa_services_open(
		&(struct pa_services_options){
			.name = "app",
			.database = "sqlite::memory:",
			.secret_key = "k1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			.settings = settings,
			.setting_count = 1,
		},
		&error);
	assert_non_null(fixture->services);
	const struct pa_task schema = {
		.name = "schema", .library = PARTNERAPP_LUA, .services = fixture->services, .long_running = true};
	assert_int_equal(pa_task_run(&schema, &code, &error), 0);
	assert_int_equal(code, 0);
	pa_rooms_locate(&fixture->paths, fixture->folder, PARTNERAPP_LUA, false);
	*state = fixture;
	return 0;
}

static void open_pool(struct fixture *fixture, unsigned vms)
{
	struct pa_error error;

	fixture->pool = pa_pool_open(
		&(struct pa_pool_options){
			.name = "app",
			.folders = fixture->paths.folders,
			.services = fixture->services,
			.vms_max = vms,
			.lease_ms = 50,
		},
		&error);
	assert_non_null(fixture->pool);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	pa_pool_close(fixture->pool);
	pa_services_close(fixture->services);
	unlink(fixture->path);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void get(struct pa_pool *pool, const char *path, const char *query, struct pa_response *response)
{
	struct pa_request *request = calloc(1, sizeof *request);

	request->method = pa_text_span("GET");
	request->target = request->path = pa_text_span(path);
	request->query = pa_text_span(query);
	request->host = pa_text_span("localhost");
	request->ip = pa_text_span("127.0.0.1");
	strcpy(request->id, "id");
	pa_pool_handle(pool, request, response);
	free(request);
}

/* Waits until the job has run more than `before` times; how many times that are. */
static long wait_for_runs(struct pa_pool *pool, const char *name, long before)
{
	char query[32];
	long runs = -1;

	snprintf(query, sizeof query, "name=%s", name);
	for (int64_t over = pa_clock_ms() + 60000; runs <= before && pa_clock_ms() < over;) {
		struct pa_response response = {0};
		char digits[24] = "";
		get(pool, "/runs", query, &response);
		if (response.status == 200 && response.body.length < sizeof digits) {
			memcpy(digits, response.body.at, response.body.length);
			runs = strtol(digits, NULL, 10);
		}
		pa_response_free(&response);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	assert_true(runs > before);
	return runs;
}

static void *be_busy(void *pool)
{
	struct pa_response response = {0};

	get(pool, "/busy", NULL, &response); /* until its CPU budget is spent */
	pa_response_free(&response);
	return NULL;
}

static void lanes_are_read_again_after_a_busy_start(void **state)
{
	struct fixture *fixture = *state;
	struct pa_error error;
	pthread_t thread;

	open_pool(fixture, 1);
	assert_int_equal(pthread_create(&thread, NULL, be_busy, fixture->pool), 0);
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* most likely it has the one VM by now */
	struct pa_jobs *jobs = pa_jobs_open(fixture->pool, fixture->services, &error);
	assert_non_null(jobs);
	pthread_join(thread, NULL);
	wait_for_runs(fixture->pool, "quick", 0);
	pa_jobs_close(jobs);
}

static void a_slow_lane_does_not_delay_another(void **state)
{
	struct fixture *fixture = *state;
	struct pa_error error;

	open_pool(fixture, 4);
	struct pa_jobs *jobs = pa_jobs_open(fixture->pool, fixture->services, &error);
	assert_non_null(jobs);
	/* Each run of the slow job uses up its 2 s of CPU. One runner for both would run them in turn. */
	long quick = wait_for_runs(fixture->pool, "quick", 4);
	assert_true(wait_for_runs(fixture->pool, "slow", 0) < quick - 1);
	pa_jobs_close(jobs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lanes_are_read_again_after_a_busy_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_slow_lane_does_not_delay_another, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
