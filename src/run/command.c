/* Calls lua/cli with the arguments and copies the plan that it returns. */
#include "run/command.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "native/native.h"
#include "script/modules.h"
#include "script/vm.h"

/* Reading the plan. Each string is copied into *plan at once: when a later one raises, pa_plan_free frees them. */

static _Noreturn void raise_no_memory(lua_State *L)
{
	luaL_error(L, "not enough memory");
	abort(); /* luaL_error never returns, which Lua's headers do not say */
}

static char *copy_string(lua_State *L, int index, const char *field)
{
	char *copy = NULL;

	if (lua_getfield(L, index, field) != LUA_TNIL) {
		copy = strdup(luaL_checkstring(L, -1));
		if (!copy)
			raise_no_memory(L);
	}
	lua_pop(L, 1);
	return copy;
}

static unsigned read_unsigned(lua_State *L, int index, const char *field)
{
	lua_getfield(L, index, field);
	lua_Integer value = luaL_optinteger(L, -1, 0);
	lua_pop(L, 1);
	luaL_argcheck(L, value >= 0 && value <= 1 << 30, 1, field);
	return (unsigned)value;
}

static bool read_flag(lua_State *L, int index, const char *field)
{
	lua_getfield(L, index, field);
	bool value = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return value;
}

/* Copies the list of strings at `field`, if there is one; *count grows with each of them. */
static void copy_list(lua_State *L, int index, const char *field, char ***list, size_t *count)
{
	if (lua_getfield(L, index, field) == LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_Integer length = luaL_len(L, -1);
	*list = calloc((size_t)length + 1, sizeof **list);
	if (!*list)
		raise_no_memory(L);
	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(L, -1, i);
		(*list)[*count] = strdup(luaL_checkstring(L, -1));
		if (!(*list)[*count])
			raise_no_memory(L);
		(*count)++;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void read_settings(lua_State *L, int index, struct pa_services_options *services)
{
	struct pa_setting *settings = NULL;

	lua_getfield(L, index, "settings");
	luaL_checktype(L, -1, LUA_TTABLE);
	int table = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
		settings = realloc((void *)(uintptr_t)services->settings, (services->setting_count + 1) * sizeof *settings);
		if (!settings)
			raise_no_memory(L);
		services->settings = settings;
		struct pa_setting *setting = &settings[services->setting_count];
		*setting = (struct pa_setting){0};
		services->setting_count++;
		luaL_checktype(L, -2, LUA_TSTRING); /* luaL_checkstring would change a number that lua_next needs */
		setting->name = strdup(lua_tostring(L, -2));
		setting->value = strdup(luaL_checkstring(L, -1));
		if (!setting->name || !setting->value)
			raise_no_memory(L);
	}
	lua_pop(L, 1);
}

static void read_outbound(lua_State *L, int index, struct pa_http_options *http)
{
	http->allow = copy_string(L, index, "http_allow");
	http->ca_file = copy_string(L, index, "ca_file");
	http->proxy.https = copy_string(L, index, "proxy_https");
	http->proxy.http = copy_string(L, index, "proxy_http");
	http->proxy.exceptions = copy_string(L, index, "no_proxy");
	http->calls_max = read_unsigned(L, index, "calls_max");
	http->per_second = read_unsigned(L, index, "calls_per_second");
}

static void read_server(lua_State *L, int index, struct pa_plan_server *server)
{
	server->services.name = copy_string(L, index, "name");
	server->services.database = copy_string(L, index, "database");
	server->services.secret_key = copy_string(L, index, "secret_key");
	server->services.secret_key_file = copy_string(L, index, "secret_key_file");
	read_outbound(L, index, &server->services.http);
	read_settings(L, index, &server->services);
	server->services.request_ms = read_unsigned(L, index, "request_ms");
	server->traffic.name = server->services.name;
	server->traffic.database = copy_string(L, index, "traffic");
	server->traffic.limits.bytes_max = (size_t)read_unsigned(L, index, "traffic_mb") << 20;
	server->traffic.limits.days = read_unsigned(L, index, "traffic_days");
	server->app = copy_string(L, index, "app");
	server->entry = copy_string(L, index, "entry");
	server->health_listen = copy_string(L, index, "health_listen");
	server->asks = copy_string(L, index, "asks");
	server->watch = read_flag(L, index, "watch");
	server->development = read_flag(L, index, "development");
	server->requires = read_flag(L, index, "requires");
	server->server.name = server->services.name;
	server->server.listen = copy_string(L, index, "listen");
	server->server.listen_setting = copy_string(L, index, "listen_setting");
	copy_list(L, index, "hosts", (char ***)(uintptr_t)&server->server.hosts, &server->server.host_count);
	server->server.public_url = copy_string(L, index, "public_url");
	server->server.workers = read_unsigned(L, index, "workers");
	server->server.body_max = read_unsigned(L, index, "body_max");
	server->server.https = read_flag(L, index, "https");
	server->server.faults = read_flag(L, index, "faults");
}

static void read_servers(lua_State *L, int index, struct pa_plan *plan)
{
	if (lua_getfield(L, index, "servers") != LUA_TNIL) {
		luaL_checktype(L, -1, LUA_TTABLE);
		lua_Integer count = luaL_len(L, -1);
		plan->servers = calloc((size_t)count + 1, sizeof *plan->servers);
		if (!plan->servers)
			raise_no_memory(L);
		for (lua_Integer i = 1; i <= count; i++) {
			lua_rawgeti(L, -1, i);
			luaL_checktype(L, -1, LUA_TTABLE);
			read_server(L, lua_gettop(L), &plan->servers[plan->server_count++]);
			lua_pop(L, 1);
		}
	}
	lua_pop(L, 1);
}

static void read_memory(lua_State *L, int index, struct pa_plan *plan)
{
	lua_getfield(L, index, "memory_max");
	lua_Integer bytes = luaL_optinteger(L, -1, 0);
	lua_pop(L, 1);
	luaL_argcheck(L, bytes >= 0, 1, "memory_max");
	plan->memory_max = (size_t)bytes;
}

static void read_log(lua_State *L, int index, struct pa_plan *plan)
{
	static const char *const forms[] = {
		[PA_LINE_JSON] = "json", [PA_LINE_TEXT] = "text", [PA_LINE_COLOR] = "color", NULL};

	lua_getfield(L, index, "log_level");
	plan->log_level = pa_log_level_of(luaL_optstring(L, -1, "info"));
	lua_pop(L, 1);
	lua_getfield(L, index, "log_form");
	plan->log_form = (enum pa_line_form)luaL_checkoption(L, -1, "json", forms);
	lua_pop(L, 1);
	plan->log_requests = read_flag(L, index, "log_requests");
}

struct call {
	const char *library;
	int argc;
	char **argv;
	struct pa_plan *plan;
};

/* Calls cli.plan(arguments) and reads the plan. */
static int l_plan(lua_State *L)
{
	const struct call *call = lua_touserdata(L, 1);
	struct pa_plan *plan = call->plan;

	lua_pushstring(L, call->library); /* for native.files.library */
	lua_setfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LIBRARY);
	pa_modules_require(L, "cli");
	lua_getfield(L, -1, "plan");
	lua_createtable(L, call->argc, 0);
	for (int i = 1; i < call->argc; i++) {
		lua_pushstring(L, call->argv[i]);
		lua_rawseti(L, -2, i);
	}
	lua_call(L, 1, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	int table = lua_gettop(L);
	plan->exit_code = (int)read_unsigned(L, table, "exit_code");
	plan->task = copy_string(L, table, "task");
	plan->ready = copy_string(L, table, "ready");
	plan->settings_file = copy_string(L, table, "settings_file");
	plan->long_running = read_flag(L, table, "long_running");
	plan->keeps_signals = read_flag(L, table, "keeps_signals");
	plan->watch = read_flag(L, table, "watch");
	copy_list(L, table, "arguments", &plan->arguments, &plan->argument_count);
	read_memory(L, table, plan);
	read_log(L, table, plan);
	read_servers(L, table, plan);
	return 0;
}

int pa_command_plan(const char *library, int argc, char **argv, struct pa_plan *plan, struct pa_error *error)
{
	struct call call = {.library = library, .argc = argc, .argv = argv, .plan = plan};
	struct pa_fault fault = {0};
	struct pa_vm *vm = NULL;
	struct pa_room_paths paths;
	int result = -1;

	*plan = (struct pa_plan){.log_level = PA_LOG_INFO};
	pa_rooms_locate(&paths, NULL, library, true);
	plan->scripts = pa_snapshot_read(paths.folders, error);
	if (!plan->scripts)
		goto out;
	vm = pa_vm_new(&(struct pa_vm_options){.snapshot = plan->scripts, .entry = "cli", .privileged = true}, &fault);
	if (vm)
		result = pa_vm_protect(vm, l_plan, &call, NULL, &fault);
	if (result < 0)
		pa_error_set(error, "command", "%s%s%s", fault.message ? fault.message : "not enough memory",
			fault.traceback ? "\n" : "", fault.traceback ? fault.traceback : "");
out:
	pa_fault_free(&fault);
	pa_vm_free(vm);
	return result;
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

/* Frees a member that is const for others; this file made the copy. */
static void free_const(const void *memory)
{
	free((void *)(uintptr_t)memory);
}

static void wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void free_outbound(struct pa_http_options *http)
{
	free_const(http->allow);
	free_const(http->ca_file);
	wipe((char *)(uintptr_t)http->proxy.https);
	wipe((char *)(uintptr_t)http->proxy.http);
	free_const(http->proxy.exceptions);
}

static void free_server(struct pa_plan_server *server)
{
	free_const(server->services.name);
	free_const(server->services.database);
	wipe((char *)(uintptr_t)server->services.secret_key);
	free_const(server->services.secret_key_file);
	free_outbound(&server->services.http);
	for (size_t i = 0; i < server->services.setting_count; i++) {
		free(server->services.settings[i].name);
		wipe(server->services.settings[i].value);
	}
	free_const(server->services.settings);
	free_const(server->traffic.database);
	free(server->app);
	free(server->entry);
	free(server->health_listen);
	free(server->asks);
	free_const(server->server.listen);
	free_const(server->server.listen_setting);
	free_const(server->server.public_url);
	free_list((char **)(uintptr_t)server->server.hosts, server->server.host_count);
}

void pa_plan_drop_scripts(struct pa_plan *plan)
{
	if (plan->scripts)
		pa_snapshot_release(plan->scripts);
	plan->scripts = NULL;
}

void pa_plan_free(struct pa_plan *plan)
{
	pa_plan_drop_scripts(plan);
	for (size_t i = 0; i < plan->server_count; i++)
		free_server(&plan->servers[i]);
	free(plan->servers);
	free_list(plan->arguments, plan->argument_count);
	free(plan->task);
	free(plan->ready);
	free(plan->settings_file);
	*plan = (struct pa_plan){0};
}
