/* What native modules keep of Lua's values, and give back after a raise: each case runs while Lua collects all garbage
 * at each allocation, and again and again while one allocation after the other fails. */
#include "script/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if !PA_HEAP_SLABS
#include <sanitizer/common_interface_defs.h>
#endif

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stats.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/request.h"
#include "native/response.h"
#include "run/services.h"
#include "server/server.h"

/* A Lua state with all native modules in the global `native`, and a server that calls out reach. */
struct fixture {
	struct pa_server *upstream;
	struct pa_services *services;
	struct pa_native_call call;
	struct pa_native_context context;
	struct pa_response response;
	lua_State *L;
	int log, standard_error;     /* descriptors: lines that a case writes go into a file */
	int at_once;                 /* for cases that take a number */
	unsigned long until_failure; /* allocations until one fails, that one counted; 0: none fails */
	bool once;                   /* only that one fails: Lua collects all garbage, and tries it again */
	bool failed;
	char origin[64];
};

/* Each block that grows moves, as in an allocator that has no room behind it. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
	struct fixture *fixture = context;

	if (new_size == 0) {
		free(block);
		return NULL;
	}
	bool grows = !block || new_size > old_size;
	if (grows && fixture->until_failure == 1) {
		fixture->failed = true;
		fixture->until_failure = fixture->once ? 0 : 1;
		return NULL;
	}
	if (grows && fixture->until_failure > 1)
		fixture->until_failure--;
	void *moved = malloc(new_size);
	if (moved && block) {
		memcpy(moved, block, old_size < new_size ? old_size : new_size);
		free(block);
	}
	return moved;
}

/* Answers with what came: the request line, the headers that begin with X- or are named below, the body. */
static void echo(void *context, const struct pa_request *request, struct pa_response *response)
{
	struct pa_buffer text = {0};

	(void)context;
	pa_buffer_add(&text, request->method.at, request->method.length);
	pa_buffer_add(&text, " ", 1);
	pa_buffer_add(&text, request->target.at, request->target.length);
	pa_buffer_add(&text, "\n", 1);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct pa_header *header = &request->headers[i];
		if (strncasecmp(header->name.at, "X-", 2) != 0 && !pa_text_is(header->name, "Authorization"))
			continue;
		pa_buffer_add(&text, header->name.at, header->name.length);
		pa_buffer_add(&text, ": ", 2);
		pa_buffer_add(&text, header->value.at, header->value.length);
		pa_buffer_add(&text, "\n", 1);
	}
	pa_buffer_add(&text, request->body.at, request->body.length);
	response->status = 200;
	pa_response_body(response, text.at, text.length);
	pa_buffer_free(&text);
}

static int open_modules(lua_State *L)
{
	pa_native_prepare(L);
	luaL_openlibs(L);
	lua_newtable(L);
	for (const luaL_Reg *module = pa_native_modules; module->name; module++) {
		lua_pushcfunction(L, module->func);
		lua_call(L, 0, 1);
		lua_setfield(L, -2, module->name);
	}
	lua_setglobal(L, "native");
	return 0;
}

static void open_state(struct fixture *fixture)
{
	fixture->until_failure = 0;
	fixture->failed = false;
	fixture->context = (struct pa_native_context){.services = fixture->services, .call = &fixture->call};
	fixture->L = lua_newstate(allocate, fixture);
	assert_non_null(fixture->L);
	pa_native_attach(fixture->L, &fixture->context);
	lua_pushcfunction(fixture->L, open_modules);
	if (lua_pcall(fixture->L, 0, 0, 0) != LUA_OK)
		fail_msg("%s", lua_tostring(fixture->L, -1));
}

static void close_state(struct fixture *fixture)
{
	if (fixture->L)
		lua_close(fixture->L);
	fixture->L = NULL;
}

static void open_log(struct fixture *fixture)
{
	char path[] = "/tmp/lifetimes_test.XXXXXX";

	fixture->log = mkstemp(path);
	fixture->standard_error = dup(STDERR_FILENO);
	assert_true(fixture->log >= 0 && fixture->standard_error >= 0);
	unlink(path);
#if !PA_HEAP_SLABS
	__sanitizer_set_report_fd((void *)(intptr_t)fixture->standard_error); /* NOLINT(performance-no-int-to-ptr) */
#endif
}

static int set_up(void **state)
{
	static struct pa_setting settings[] = {{"CLIENT_ID", "an id"}};
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct pa_error error;

	if (!fixture)
		return -1;
	*state = fixture;
	pa_log_open(PA_LOG_WARN, PA_LINE_JSON);
	open_log(fixture);
	fixture->upstream = pa_server_open(
		&(struct pa_server_options){.name = "upstream", .listen = "127.0.0.1:0", .workers = 32, .handle = echo},
		&error);
	if (!fixture->upstream)
		fail_msg("%s", error.text);
	snprintf(fixture->origin, sizeof fixture->origin, "http://127.0.0.1:%u", pa_server_port(fixture->upstream));
	fixture->services = pa_services_open(
		&(struct pa_services_options){
			.name = "test",
			.database = "sqlite::memory:",
			.secret_key = "a:0000000000000000000000000000000000000000000000000000000000000000",
			.http.allow = fixture->origin,
			.settings = settings,
			.setting_count = 1,
		},
		&error);
	if (!fixture->services)
		fail_msg("%s", error.text);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	pa_services_close(fixture->services);
	pa_server_close(fixture->upstream);
	pa_response_free(&fixture->response);
	close(fixture->log);
	free(fixture);
	return 0;
}

static void assert_nothing_leased(const struct fixture *fixture)
{
	assert_int_equal(pa_stats_read(PA_STAT_CONNECTIONS_LEASED), 0);
	assert_int_equal(pa_stats_read(PA_STAT_CALLS_RUNNING), 0);
	assert_int_equal(atomic_load(&fixture->call.waits), 0);
	assert_int_equal(atomic_load(&fixture->call.writers), 0);
	assert_null(fixture->context.transaction);
}

/* read_response(table) → header lines, body */
static int l_read_response(lua_State *L)
{
	struct pa_response *response = lua_touserdata(L, lua_upvalueindex(1));

	pa_response_reset(response);
	lua_settop(L, 1);
	pa_native_response_read(L, response);
	lua_pushlstring(L, response->headers.at, response->headers.length);
	lua_pushlstring(L, response->body.at, response->body.length);
	return 2;
}

enum { LOG_MOST = 64 << 10 };

static char log_text[LOG_MOST];

/* logged() → the lines that were written since the last call; nil when there are none */
static int l_logged(lua_State *L)
{
	int log = (int)lua_tointeger(L, lua_upvalueindex(1));
	ssize_t length = pread(log, log_text, sizeof log_text, 0);

	if (ftruncate(log, 0) < 0 || lseek(log, 0, SEEK_SET) != 0)
		return luaL_error(L, "the log cannot be emptied");
	if (length <= 0)
		return 0;
	lua_pushlstring(L, log_text, (size_t)length);
	return 1;
}

/* Pushes the cases of lifetimes.lua. */
static void push_cases(struct fixture *fixture)
{
	static const char path[] = "/pathpathpathpathpathpathpathpathpathpathpathpathpathpathpathpathpathpathpathpath";
	static const struct pa_request request = {.path = {path, sizeof path - 1},
		.id = "r1",
		.header_count = 4,
		.headers = {{{"X-Twice", 7}, {"one", 3}}, {{"Cookie", 6}, {"a=1", 3}}, {{"x-twice", 7}, {"two", 3}},
			{{"Cookie", 6}, {"b=2", 3}}}};
	lua_State *L = fixture->L;

	if (luaL_loadfile(L, PARTNERAPP_LUA "/../tests/unit/lifetimes.lua") != LUA_OK)
		fail_msg("%s", lua_tostring(L, -1));
	lua_getglobal(L, "native");
	lua_pushstring(L, fixture->origin);
	pa_native_request_push(L, &request);
	lua_pushlightuserdata(L, &fixture->response);
	lua_pushcclosure(L, l_read_response, 1);
	lua_pushinteger(L, fixture->log);
	lua_pushcclosure(L, l_logged, 1);
	if (lua_pcall(L, 5, 1, 0) != LUA_OK)
		fail_msg("%s", lua_tostring(L, -1));
}

/* Calls the case on top, which stays there. Returns the status, and pushes the error. */
static int call(struct fixture *fixture)
{
	lua_pushvalue(fixture->L, -1);
	lua_pushinteger(fixture->L, fixture->at_once);
	dup2(fixture->log, STDERR_FILENO);
	int status = lua_pcall(fixture->L, 1, 0, 0);
	dup2(fixture->standard_error, STDERR_FILENO);

	assert_nothing_leased(fixture);
	return status;
}

static void assert_works(struct fixture *fixture, const char *name)
{
	if (call(fixture) != LUA_OK)
		fail_msg("%s: %s", name, luaL_tolstring(fixture->L, -1, NULL));
}

/* Runs the case while each allocation that may collect garbage collects all of it. */
static void run_collecting(struct fixture *fixture, const char *name)
{
	open_state(fixture);
	push_cases(fixture);
	lua_getfield(fixture->L, -1, name);
	fixture->at_once = 16;
	/* A cycle begins when the one before it ends, and each step is a whole cycle. */
	lua_gc(fixture->L, LUA_GCINC, 1, 1000, 40);
	assert_works(fixture, name);
	close_state(fixture);
}

/* Runs the case in a state whose n-th allocation fails; with `once` it works when tried again, else all later ones fail
 * too. Then the case must work. False when it needed fewer allocations. */
static bool fails_at(struct fixture *fixture, const char *name, unsigned long n, bool once)
{
	open_state(fixture);
	push_cases(fixture);
	lua_getfield(fixture->L, -1, name);
	if (once)
		lua_gc(fixture->L, LUA_GCSTOP); /* what is collected is collected at that one allocation */
	fixture->at_once = 2;
	fixture->once = once;
	fixture->until_failure = n;
	int status = call(fixture);
	fixture->until_failure = 0;
	if (once)
		lua_gc(fixture->L, LUA_GCRESTART);
	/* A buffer of lauxlib does not try again. */
	if (status != LUA_OK && !(fixture->failed && strstr(luaL_tolstring(fixture->L, -1, NULL), "not enough memory")))
		fail_msg("%s, allocation %lu: %s", name, n, luaL_tolstring(fixture->L, -1, NULL));
	lua_settop(fixture->L, 2);
	assert_works(fixture, name);
	close_state(fixture);
	return fixture->failed;
}

static void run_failing(struct fixture *fixture, const char *name)
{
	for (unsigned long n = 1; fails_at(fixture, name, n, false); n++)
		;
}

static void run_collecting_once(struct fixture *fixture, const char *name)
{
	for (unsigned long n = 1; fails_at(fixture, name, n, true); n++)
		;
}

/* Calls `run` with the name of each case. */
static void for_each_case(struct fixture *fixture, void (*run)(struct fixture *, const char *))
{
	char names[64][32];
	size_t count = 0;

	open_state(fixture);
	push_cases(fixture);
	for (lua_pushnil(fixture->L); lua_next(fixture->L, -2); lua_pop(fixture->L, 1)) {
		assert_true(count < sizeof names / sizeof *names);
		snprintf(names[count++], sizeof *names, "%s", lua_tostring(fixture->L, -2));
	}
	close_state(fixture);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		run(fixture, names[i]);
}

static void SBX_16_what_a_module_uses_is_not_collected(void **state)
{
	for_each_case(*state, run_collecting);
	for_each_case(*state, run_collecting_once);
}

static void SBX_16_memory_that_ends_leaves_everything_usable(void **state)
{
	for_each_case(*state, run_failing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(SBX_16_what_a_module_uses_is_not_collected),
		CASE(SBX_16_memory_that_ends_leaves_everything_usable),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
