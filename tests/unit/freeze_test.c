/* What a script can reach from its globals and from the library's public modules: no table of it can be changed. */
#include "vm_fixture.h"

#include <dirent.h>
#include <lauxlib.h>
#include <lua.h>

#include "native/native.h"
#include "native/services.h"

static struct pa_setting settings[] = {{"PUBLIC_URL", "http://localhost:8888"},
	{"SEGMENT_ID_URL", "http://localhost:8889"}, {"SEGMENT_API_URL", "http://localhost:8889"}};
static struct pa_services services = {.name = "app", .settings = settings, .setting_count = 3};

enum { SHOWN = 64 };

struct walk {
	int seen;              /* table → true */
	int app_require;       /* the app's own */
	unsigned tables;       /* that were looked at */
	size_t writable_count; /* ways in which one could be changed */
};

static void report(struct walk *walk, const char *how, const char *path)
{
	if (walk->writable_count++ < SHOWN)
		print_error("%s: %s\n", path, how);
}

/* Calls the function on top with two arguments below it; true when it did not raise. Pops all three. */
static bool works(lua_State *L)
{
	return lua_pcall(L, 2, 0, 0) == LUA_OK || (lua_pop(L, 1), false);
}

static void visit(lua_State *L, struct walk *walk, const char *path);

/* Looks at the values of the table on top, read raw; does not pop it. */
static void visit_fields(lua_State *L, struct walk *walk, const char *path)
{
	char inside[256];

	luaL_checkstack(L, 10, NULL);
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		lua_pushvalue(L, -2);
		snprintf(inside, sizeof inside, "%s.%s", path, luaL_tolstring(L, -1, NULL));
		lua_pop(L, 2);
		visit(L, walk, inside);
	}
}

static int l_assign(lua_State *L)
{
	lua_pushboolean(L, 1);
	lua_setfield(L, 1, "written_by_a_script");
	return 0;
}

/* Tries to change the table on top as a script can: by assignment, and by each function that changes its argument. */
static void try_to_change(lua_State *L, struct walk *walk, const char *path)
{
	static const char *const changes[] = {"rawset(..., 'written_by_a_script', true)", "setmetatable(..., {})",
		"table.insert(..., 1)", "table.move({ 1 }, 1, 1, 1, ...)", "require('partnerapp.json').array(...)", NULL};

	lua_pushcfunction(L, l_assign);
	lua_pushvalue(L, -2);
	lua_pushnil(L);
	if (works(L))
		report(walk, "assignment", path);
	for (size_t i = 0; changes[i]; i++) {
		assert_int_equal(luaL_loadstring(L, changes[i]), LUA_OK);
		lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
		lua_rawgeti(L, -1, PA_ROOM_APP);
		lua_remove(L, -2);
		assert_non_null(lua_setupvalue(L, -2, 1));
		lua_pushvalue(L, -2);
		lua_pushnil(L);
		if (works(L))
			report(walk, changes[i], path);
	}
}

static void visit_table(lua_State *L, struct walk *walk, const char *path)
{
	char inside[256];

	walk->tables++;
	try_to_change(L, walk, path);
	visit_fields(L, walk, path);
	if (!lua_getmetatable(L, -1))
		return;
	lua_getfield(L, -1, "__metatable");
	bool hidden = !lua_isnil(L, -1);
	lua_pop(L, 1);
	if (!hidden) { /* getmetatable gives it to the script */
		snprintf(inside, sizeof inside, "%s<metatable>", path);
		visit(L, walk, inside);
	}
	if (lua_getfield(L, -1, "__index") == LUA_TTABLE) /* not reached itself, but its fields are */
		visit_fields(L, walk, path);
	lua_pop(L, 2);
}

static void visit(lua_State *L, struct walk *walk, const char *path)
{
	if (!lua_istable(L, -1))
		return;
	luaL_checkstack(L, 10, NULL);
	lua_pushvalue(L, -1);
	if (lua_rawget(L, walk->seen) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_pushboolean(L, 1);
		lua_rawset(L, walk->seen);
		visit_table(L, walk, path);
		return;
	}
	lua_pop(L, 1);
}

static void visit_modules(lua_State *L, struct walk *walk)
{
	DIR *folder = opendir(PARTNERAPP_LUA "/partnerapp");
	char name[256];

	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		const char *dot = strrchr(entry->d_name, '.');
		if (!dot || strcmp(dot, ".lua") != 0)
			continue;
		snprintf(name, sizeof name, "partnerapp.%.*s", (int)(dot - entry->d_name), entry->d_name);
		if (strcmp(name, "partnerapp.init") == 0)
			strcpy(name, "partnerapp");
		lua_pushvalue(L, walk->app_require);
		lua_pushstring(L, name);
		if (lua_pcall(L, 1, 1, 0) != LUA_OK)
			fail_msg("require '%s': %s", name, lua_tostring(L, -1));
		visit(L, walk, name);
		lua_pop(L, 1);
	}
	closedir(folder);
}

static int l_walk(lua_State *L)
{
	struct walk *walk = lua_touserdata(L, 1);

	lua_newtable(L);
	walk->seen = lua_gettop(L);
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
	lua_rawgeti(L, -1, PA_ROOM_APP);
	lua_getfield(L, -1, "require");
	walk->app_require = lua_gettop(L);
	lua_pushvalue(L, -2);
	visit(L, walk, "_G");
	lua_pop(L, 1);
	visit_modules(L, walk);
	lua_pushliteral(L, "");
	if (lua_getmetatable(L, -1) && lua_getfield(L, -1, "__index") == LUA_TTABLE)
		visit_fields(L, walk, "(\"\")");
	return 0;
}

static struct pa_vm *load_with_library(struct fixture *fixture, const char *text)
{
	const char *const folders[PA_ROOMS] = {
		[PA_ROOM_APP] = fixture->folder, [PA_ROOM_LIBRARY] = PARTNERAPP_LUA "/partnerapp"};
	struct pa_error error;

	save(fixture, "entry.lua", text);
	struct pa_snapshot *scripts = pa_snapshot_read(folders, &error);
	assert_non_null(scripts);
	fixture->vm = pa_vm_new(
		&(struct pa_vm_options){.snapshot = scripts, .services = &services, .entry = "entry"}, &fixture->fault);
	pa_snapshot_release(scripts);
	if (!fixture->vm)
		fail_msg("%s", fixture->fault.message);
	return fixture->vm;
}

static void SBX_11_SBX_12_nothing_that_a_script_reaches_can_be_changed(void **state)
{
	struct fixture *fixture = *state;
	struct walk walk = {0};

	load_with_library(fixture, "return {}");
	if (pa_vm_protect(fixture->vm, l_walk, &walk, NULL, &fixture->fault) < 0)
		fail_msg("%s\n%s", fixture->fault.message, fixture->fault.traceback);
	assert_int_equal(walk.writable_count, 0);
	assert_in_range(walk.tables, 25, 1000); /* _G, six libraries, the modules and what is in them */
}

static void SBX_12_views_read_like_their_tables(void **state)
{
	struct fixture *fixture = *state;
	struct pa_request request = get_request();

	load_with_library(fixture,
		"local json = require 'partnerapp.json' local count, found = 0, false "
		"for name, value in pairs(json) do count = count + 1 found = found or name == 'encode' and value == "
		"json.encode "
		"end assert(count > 3 and found and #json == 0 and next(json) == nil) "
		"assert(not pcall(function() return json.nothing end)) "
		"assert(require 'partnerapp.json' == json and require 'partnerapp.http'.transport.request) "
		"return { handle = function() return { status = 200, body = 'fine' } end, failed = print }");
	assert_int_equal(pa_vm_handle(fixture->vm, &request, &fixture->response, &fixture->fault), 0);
	assert_body(fixture, "fine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(SBX_11_SBX_12_nothing_that_a_script_reaches_can_be_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(SBX_12_views_read_like_their_tables, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
