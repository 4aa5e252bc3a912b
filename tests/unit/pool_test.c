/* Leased VMs: memory that they do not need any more is given back, and a lack of it in the whole process passes. */
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
#include "base/memory.h"
#include "base/stats.h"
#include "run/services.h"
#include "script/heap.h"
#include "script/pool.h"

enum { TOGETHER = PA_LEASES_KEPT + 4, WAIT_MS = 60000 };

/* The entry module of the VMs. A request for /together waits until all of them have come. */
static const char host_text[] =
	"local shared, sys = require 'native.shared', require 'native.sys'\n"
	"local ways = {}\n"
	"ways['/small'] = function() return 'small' end\n"
	"ways['/garbage'] = function() for i = 1, 40000 do ways.kept = { ways.kept, i, {} } end ways.kept = nil end\n"
	"ways['/string'] = function() return #('x'):rep(4 << 20) .. '' end\n"
	"ways['/answer'] = function() return ('x'):rep(4 << 20) end\n"
	"ways['/caught'] = function() error('caught: ' .. select(2, pcall(string.rep, 'x', 4 << 20)), 0) end\n"
	"ways['/own-limit'] = function() return ('x'):rep(100 << 20) end\n"
	"ways['/wrong'] = function() error('wrong', 0) end\n"
	"ways['/together'] = function(req)\n"
	"	shared.put(req.ip, 'here')\n"
	"	for i = 1, tonumber(req.host) do\n"
	"		while not shared.get(tostring(i)) do sys.sleep(0.002) end\n"
	"	end\n"
	"	return 'together'\n"
	"end\n"
	"ways['/ask-and-spend'] = function(req)\n"
	"	require 'native.neighbour'.ask(req.host)\n"
	"	while true do end\n"
	"end\n"
	/* Its own time and that of the question are together more than a budget. */
	"ways['/work-and-ask'] = function(req)\n"
	"	local function work() local from = os.clock() while os.clock() - from < 0.6 do end end\n"
	"	work()\n"
	"	local answer = require 'native.neighbour'.ask(req.host)\n"
	"	work()\n"
	"	return answer\n"
	"end\n"
	"ways['/ask'] = function(req)\n"
	"	local answer, message, code = require 'native.neighbour'.ask(req.host)\n"
	"	return answer or code .. ': ' .. message\n"
	"end\n"
	"local host = {}\n"
	"function host.ask(question)\n"
	"	if question == 'raise' then error('raised', 0) end\n"
	"	if question == 'spend' then while true do end end\n"
	"	if question == 'work' then local from = os.clock() while os.clock() - from < 1.2 do end end\n"
	"	return question == 'nothing' and {} or 'asked: ' .. question\n"
	"end\n"
	"function host.handle(req) return { status = 200, body = ways[req.path](req) } end\n"
	"function host.failed(_, err) return { status = 500, body = tostring(err) } end\n"
	"return host\n";

/* That of a generation's first VM. */
static const char first_text[] = "return require 'partnerapp.host'\n";

struct fixture {
	char folder[64], room[80], path[80], first[96];
	struct pa_services *services;
	struct pa_pool *pool;
};

static void save(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct pa_error error;

	assert_non_null(fixture);
	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	strcpy(fixture->folder, "/tmp/pool_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/host.lua", fixture->folder);
	snprintf(fixture->room, sizeof fixture->room, "%s/host", fixture->folder);
	snprintf(fixture->first, sizeof fixture->first, "%s/first.lua", fixture->room);
	assert_int_equal(mkdir(fixture->room, 0700), 0);
	save(fixture->path, host_text);
	save(fixture->first, first_text);
	fixture->services = pa_services_open(
		&(struct pa_services_options){
			.name = "app",
			.database = "sqlite::memory:",
			.secret_key = "k1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		},
		&error);
	assert_non_null(fixture->services);
	*state = fixture;
	return 0;
}

static struct pa_pool *open_pool(struct fixture *fixture, unsigned idle_ms)
{
	const char *const folders[PA_ROOMS] = {[PA_ROOM_LIBRARY] = fixture->folder};
	static const char *kept[PA_ROOMS];
	struct pa_error error;

	memcpy(kept, folders, sizeof kept);
	fixture->pool = pa_pool_open(
		&(struct pa_pool_options){
			.name = "app",
			.folders = kept,
			.services = fixture->services,
			.vms_max = TOGETHER,
			.idle_ms = idle_ms,
		},
		&error);
	assert_non_null(fixture->pool);
	return fixture->pool;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	pa_memory_limit(0);
	pa_pool_close(fixture->pool);
	pa_services_close(fixture->services);
	unlink(fixture->path);
	unlink(fixture->first);
	rmdir(fixture->room);
	rmdir(fixture->folder);
	free(fixture);
	assert_int_equal(pa_stats_read(PA_STAT_VMS), 0);
	assert_int_equal(pa_memory_used(), 0);
	return 0;
}

static void ask_for(
	struct pa_pool *pool, const char *path, const char *ip, const char *host, struct pa_response *response)
{
	struct pa_request *request = calloc(1, sizeof *request);

	assert_non_null(request);
	request->method = pa_text_span("GET");
	request->target = request->path = pa_text_span(path);
	request->host = pa_text_span(host);
	request->ip = pa_text_span(ip);
	strcpy(request->id, "id");
	pa_pool_handle(pool, request, response);
	free(request);
}

static void ask(struct pa_pool *pool, const char *path, const char *ip, struct pa_response *response)
{
	char count[16];

	snprintf(count, sizeof count, "%d", TOGETHER);
	ask_for(pool, path, ip, count, response);
}

/* The status of one request. A 503 says when to try again. */
static int status_of(struct pa_pool *pool, const char *path)
{
	struct pa_response response = {0};

	ask(pool, path, "1", &response);
	int status = response.status;
	if (status == 503)
		assert_non_null(memmem(response.headers.at, response.headers.length, "Retry-After: ", 13));
	pa_response_free(&response);
	return status;
}

struct client {
	pthread_t thread;
	struct pa_pool *pool;
	char ip[16];
};

static void *come_together(void *context)
{
	const struct client *client = context;
	struct pa_response response = {0};

	ask(client->pool, "/together", client->ip, &response);
	pa_response_free(&response);
	return NULL;
}

/* Makes TOGETHER VMs: so many requests run at the same time. */
static void make_vms(struct pa_pool *pool)
{
	static struct client clients[TOGETHER];

	for (size_t i = 0; i < TOGETHER; i++) {
		clients[i].pool = pool;
		snprintf(clients[i].ip, sizeof clients[i].ip, "%zu", i + 1);
		assert_int_equal(pthread_create(&clients[i].thread, NULL, come_together, &clients[i]), 0);
	}
	for (size_t i = 0; i < TOGETHER; i++)
		pthread_join(clients[i].thread, NULL);
	assert_int_equal(pa_stats_read(PA_STAT_VMS), TOGETHER);
}

/* Trims until the counter has that value. */
static void trim_until(struct pa_pool *pool, enum pa_stat which, long value)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int64_t over = pa_clock_ms() + WAIT_MS; pa_stats_read(which) != value && pa_clock_ms() < over;) {
		pa_pool_trim(pool);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(pa_stats_read(which), value);
}

/* Trims until the counter has that value or more: what is counted may happen again meanwhile. */
static void trim_until_counted(struct pa_pool *pool, enum pa_stat which, long value)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int64_t over = pa_clock_ms() + WAIT_MS; pa_stats_read(which) < value && pa_clock_ms() < over;) {
		pa_pool_trim(pool);
		nanosleep(&pause, NULL);
	}
	assert_true(pa_stats_read(which) >= value);
}

static void SBX_09_vms_without_work_are_freed_but_for_a_few(void **state)
{
	struct pa_pool *pool = open_pool(*state, 2);

	make_vms(pool);
	trim_until(pool, PA_STAT_VMS, PA_LEASES_KEPT);
	for (int i = 0; i < 5; i++)
		pa_pool_trim(pool);
	assert_int_equal(pa_stats_read(PA_STAT_VMS), PA_LEASES_KEPT);
	assert_int_equal(status_of(pool, "/small"), 200);
}

static void SBX_09_vms_are_freed_at_once_when_memory_is_short(void **state)
{
	struct pa_pool *pool = open_pool(*state, WAIT_MS);

	make_vms(pool);
	pa_pool_trim(pool);
	assert_int_equal(pa_stats_read(PA_STAT_VMS), TOGETHER);
	pa_memory_limit(pa_memory_used());
	pa_pool_trim(pool);
	assert_int_equal(pa_stats_read(PA_STAT_VMS), PA_LEASES_KEPT);
}

static void SBX_09_a_vm_that_grew_gives_its_memory_back(void **state)
{
	struct pa_pool *pool = open_pool(*state, WAIT_MS);

	assert_int_equal(status_of(pool, "/small"), 200);
	size_t before = pa_memory_used();
	assert_int_equal(status_of(pool, "/string"), 200); /* large blocks: a collection frees them */
	assert_int_equal(pa_stats_read(PA_STAT_VMS), 1);
	assert_true(pa_memory_used() <= before + (256 << 10));
	assert_int_equal(status_of(pool, "/garbage"), 200); /* small blocks: their slabs go with the VM */
	assert_int_equal(pa_stats_read(PA_STAT_VMS), PA_HEAP_SLABS ? 0 : 1);
	assert_true(pa_memory_used() <= before + (256 << 10));
	assert_int_equal(status_of(pool, "/small"), 200);
}

static void SBX_09_beyond_the_limit_of_the_process_a_request_gets_503(void **state)
{
	static const char *const paths[] = {"/string", "/answer", "/caught"};
	struct pa_pool *pool = open_pool(*state, WAIT_MS);

	assert_int_equal(status_of(pool, "/own-limit"), 500);
	assert_int_equal(status_of(pool, "/small"), 200);
	pa_memory_limit(pa_memory_used() + (1 << 20));
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_int_equal(status_of(pool, paths[i]), 503);
		assert_int_equal(status_of(pool, "/small"), 200);
		assert_int_equal(status_of(pool, "/wrong"), 500); /* another error is none of memory */
	}
	pa_memory_limit(0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(status_of(pool, paths[i]), 200);
}

static void SBX_09_without_memory_for_a_vm_a_request_gets_503(void **state)
{
	struct pa_pool *pool = open_pool(*state, WAIT_MS);

	if (!PA_HEAP_SLABS)
		skip();                                         /* there is no way to a pool without a free VM */
	assert_int_equal(status_of(pool, "/garbage"), 200); /* its VM is freed */
	pa_memory_limit(1 << 10);
	assert_int_equal(status_of(pool, "/small"), 503);
	pa_memory_limit(0);
	assert_int_equal(status_of(pool, "/small"), 200);
}

static void a_reload_without_memory_begins_again(void **state)
{
	struct pa_pool *pool = open_pool(*state, WAIT_MS);
	long failed = pa_stats_read(PA_STAT_RELOADS_FAILED), reloads = pa_stats_read(PA_STAT_RELOADS);

	pa_memory_limit(pa_memory_used());
	pa_pool_reload(pool);
	trim_until_counted(pool, PA_STAT_RELOADS_FAILED, failed + 1);
	assert_int_equal(status_of(pool, "/small"), 200); /* with the scripts before */
	pa_memory_limit(0);
	trim_until_counted(pool, PA_STAT_RELOADS, reloads + 1);
}

/* What a script gets that asks the neighbour. */
static void answer_is(struct fixture *fixture, const char *question, const char *wanted)
{
	struct pa_response response = {0};

	ask_for(fixture->pool, "/ask", "1", question, &response);
	assert_int_equal(response.status, 200);
	assert_int_equal(response.body.length, strlen(wanted));
	assert_memory_equal(response.body.at, wanted, strlen(wanted));
	pa_response_free(&response);
}

/* ThreadSanitizer holds signals back until the next call into libc, and a loop in Lua makes none: no budget ends it. */
static bool can_spend(void)
{
#ifdef __SANITIZE_THREAD__
	return false;
#else
	return true;
#endif
}

static void scripts_ask_those_of_another_server(void **state)
{
	struct fixture *fixture = *state;
	struct pa_pool *pool = open_pool(fixture, WAIT_MS);
	const struct pa_neighbour neighbour = {pa_pool_ask, pool};

	answer_is(fixture, "one", "absent: no app runs in this process");
	atomic_store(&fixture->services->neighbour, &neighbour);
	answer_is(fixture, "one", "asked: one");
	answer_is(fixture, "", "asked: ");
	answer_is(fixture, "raise", "script: raised");
	answer_is(fixture, "nothing", "script: an answer must be a string, not a table");
	answer_is(fixture, "one", "asked: one");
	atomic_store(&fixture->services->neighbour, NULL);
}

static void SBX_08_a_question_that_spends_its_budget_ends_alone(void **state)
{
	if (!can_spend())
		skip();
	struct fixture *fixture = *state;
	struct pa_pool *pool = open_pool(fixture, WAIT_MS);
	const struct pa_neighbour neighbour = {pa_pool_ask, pool};
	long spent = pa_stats_read(PA_STAT_BUDGET_SPENT);
	struct pa_response response = {0};

	atomic_store(&fixture->services->neighbour, &neighbour);
	ask_for(pool, "/ask", "1", "spend", &response);
	assert_int_equal(response.status, 200); /* the asking script goes on */
	assert_non_null(memmem(response.body.at, response.body.length, "script: ", 8));
	assert_int_equal(pa_stats_read(PA_STAT_BUDGET_SPENT), spent + 1);
	pa_response_free(&response);
	answer_is(fixture, "one", "asked: one");
	atomic_store(&fixture->services->neighbour, NULL);
}

/* A question of another server takes nothing from the budget of the script that asks, and leaves it that budget. */
static void SBX_04_a_script_that_asked_has_its_own_budget(void **state)
{
	if (!can_spend())
		skip();
	struct fixture *fixture = *state;
	struct pa_pool *pool = open_pool(fixture, WAIT_MS);
	const struct pa_neighbour neighbour = {pa_pool_ask, pool};
	struct pa_response response = {0};

	atomic_store(&fixture->services->neighbour, &neighbour);
	ask_for(pool, "/work-and-ask", "1", "work", &response);
	assert_int_equal(response.status, 200);
	pa_response_free(&response);
	ask_for(pool, "/ask-and-spend", "1", "one", &response);
	assert_int_equal(response.status, 500);
	assert_non_null(memmem(response.body.at, response.body.length, "time budget spent", 17));
	pa_response_free(&response);
	atomic_store(&fixture->services->neighbour, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(SBX_09_vms_without_work_are_freed_but_for_a_few),
		CASE(SBX_09_vms_are_freed_at_once_when_memory_is_short),
		CASE(SBX_09_a_vm_that_grew_gives_its_memory_back),
		CASE(SBX_09_beyond_the_limit_of_the_process_a_request_gets_503),
		CASE(SBX_09_without_memory_for_a_vm_a_request_gets_503),
		CASE(a_reload_without_memory_begins_again),
		CASE(scripts_ask_those_of_another_server),
		CASE(SBX_04_a_script_that_asked_has_its_own_budget),
		CASE(SBX_08_a_question_that_spends_its_budget_ends_alone),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
