/* lua/partnerapp/traffic/exchanges over a database that src/traffic has filled: the cases are in exchanges.lua. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"
#include "traffic/traffic.h"

static struct pa_services services = {.name = "app"};
static struct pa_native_call native_call;

static struct pa_span text_of(lua_State *L, const char *name)
{
	struct pa_span text;

	lua_getfield(L, 1, name);
	text.at = luaL_optlstring(L, -1, "", &text.length);
	lua_pop(L, 1); /* the table holds it */
	return text;
}

static int64_t number_of(lua_State *L, const char *name)
{
	lua_getfield(L, 1, name);
	int64_t number = luaL_optinteger(L, -1, 0);
	lua_pop(L, 1);
	return number;
}

/* add{…}: an exchange by the names of its fields; `at` and `took` in milliseconds */
static int l_add(lua_State *L)
{
	static const char *const names[PA_ENTRY_TEXTS] = {[PA_ENTRY_METHOD] = "method",
		[PA_ENTRY_URL] = "url",
		[PA_ENTRY_OUTCOME] = "outcome",
		[PA_ENTRY_ERROR] = "error",
		[PA_ENTRY_REQUEST_ID] = "request_id",
		[PA_ENTRY_INSTALL] = "install",
		[PA_ENTRY_PEER] = "peer",
		[PA_ENTRY_REQUEST_HEAD] = "request_head",
		[PA_ENTRY_RESPONSE_HEAD] = "response_head",
		[PA_ENTRY_REQUEST_BODY] = "request_body",
		[PA_ENTRY_RESPONSE_BODY] = "response_body"};
	struct pa_entry entry = {.out = number_of(L, "out") == 1,
		.status = (int)number_of(L, "status"),
		.at_ns = number_of(L, "at") * 1000000,
		.took_ns = number_of(L, "took") * 1000000};

	for (int i = 0; i < PA_ENTRY_TEXTS; i++)
		entry.texts[i] = text_of(L, names[i]);
	pa_traffic_add(services.traffic, &entry);
	return 0;
}

/* stored(): returns when all that was added is stored */
static int l_stored(lua_State *L)
{
	(void)L;
	while (pa_traffic_waiting(services.traffic) > 0)
		usleep(1000);
	return 0;
}

/* Opens a state that can require the module, and runs the case of that name of exchanges.lua. */
static void run_case(const char *name)
{
	struct pa_native_context context = {.services = &services, .call = &native_call};
	lua_State *L = luaL_newstate();

	assert_non_null(L);
	luaL_openlibs(L);
	pa_native_attach(L, &context);
	pa_native_prepare(L);
	lua_getglobal(L, "package");
	lua_pushstring(L, PARTNERAPP_LUA "/?.lua");
	lua_setfield(L, -2, "path");
	lua_getfield(L, -1, "preload");
	lua_pushcfunction(L, pa_native_open_traffic);
	lua_setfield(L, -2, "native.traffic");
	lua_settop(L, 0);
	lua_register(L, "add", l_add);
	lua_register(L, "stored", l_stored);
	if (luaL_dofile(L, PARTNERAPP_LUA "/../tests/unit/exchanges.lua"))
		fail_msg("%s", lua_tostring(L, -1));
	lua_getfield(L, -1, name);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		fail_msg("%s: %s", name, lua_tostring(L, -1));
	lua_close(L);
}

static void with_traffic(const char *name)
{
	char folder[] = "/tmp/exchanges_test.XXXXXX", url[96], command[64];
	struct pa_error error = {0};

	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "sqlite-words:%s/traffic.db", folder);
	/* small shelves, so that searches go over several */
	services.traffic = pa_traffic_open(
		&(struct pa_traffic_options){.name = "app", .database = url, .limits = {4 << 20, 36500}}, &error);
	if (!services.traffic)
		fail_msg("%s", error.text);
	run_case(name);
	pa_traffic_close(services.traffic);
	services.traffic = NULL;
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void lists_are_filtered(void **state)
{
	(void)state;
	with_traffic("lists_are_filtered");
}

static void pages_follow_each_other(void **state)
{
	(void)state;
	with_traffic("pages_follow_each_other");
}

static void texts_are_searched(void **state)
{
	(void)state;
	with_traffic("texts_are_searched");
}

static void one_is_shown_whole(void **state)
{
	(void)state;
	with_traffic("one_is_shown_whole");
}

static void a_flow_is_a_list_of_steps(void **state)
{
	(void)state;
	with_traffic("a_flow_is_a_list_of_steps");
}

static void without_traffic_each_function_says_so(void **state)
{
	(void)state;
	run_case("without_traffic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_filtered),
		cmocka_unit_test(pages_follow_each_other),
		cmocka_unit_test(texts_are_searched),
		cmocka_unit_test(one_is_shown_whole),
		cmocka_unit_test(a_flow_is_a_list_of_steps),
		cmocka_unit_test(without_traffic_each_function_says_so),
	};

	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
