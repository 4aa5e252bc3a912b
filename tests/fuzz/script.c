/* One VM with all rooms, and a hook that tells libFuzzer which lines of Lua ran. */
#include "fuzz/script.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "base/log.h"
#include "fuzz/check.h"
#include "native/native.h"
#include "script/modules.h"
#include "script/vm.h"

enum { MEMORY_KEPT = 12 << 20 }; /* bytes: a VM with more is replaced */

#define TARGET "fuzz.target"

static struct pa_setting settings[] = {{(char[]){"PUBLIC_URL"}, (char[]){"https://app.example"}}};
static struct pa_services services = {.name = "fuzz", .settings = settings, .setting_count = 1};
static struct pa_vm *vm;
static char answer[256];

#ifdef FUZZ_COVERAGE
/* The linker gathers this section; libFuzzer reads it as further counters of coverage, for Lua itself is not built with
 * any. */
enum { COUNTERS = 1 << 14 };
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];
static unsigned line_before;

static void count_line(lua_State *L, lua_Debug *at)
{
	(void)L;
	counters[((unsigned)at->currentline ^ line_before * 37) % COUNTERS]++;
	line_before = (unsigned)at->currentline;
}
#endif

struct input {
	const char *name;
	const uint8_t *data;
	size_t size;
};

static void load(lua_State *L, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s.lua", PARTNERAPP_FUZZ, name);
	if (luaL_loadfilex(L, path, "t") != LUA_OK)
		lua_error(L);
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
	lua_rawgeti(L, -1, PA_ROOM_LIBRARY);
	lua_remove(L, -2);
	lua_setupvalue(L, -2, 1);
	lua_call(L, 0, 1);
	luaL_checktype(L, -1, LUA_TFUNCTION);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, TARGET);
}

static int l_call(lua_State *L)
{
	const struct input *input = lua_touserdata(L, 1);

	if (lua_getfield(L, LUA_REGISTRYINDEX, TARGET) == LUA_TNIL) {
		lua_pop(L, 1);
		load(L, input->name);
	}
#ifdef FUZZ_COVERAGE
	line_before = 0;
	lua_sethook(L, count_line, LUA_MASKLINE, 0);
#endif
	lua_pushlstring(L, (const char *)input->data, input->size);
	lua_call(L, 1, 1);
	snprintf(answer, sizeof answer, "%s", luaL_optstring(L, -1, ""));
	return 0;
}

static void make_vm(void)
{
	static const char *const folders[PA_ROOMS] = {[PA_ROOM_APP] = PARTNERAPP_LUA "/sandbox",
		[PA_ROOM_LIBRARY] = PARTNERAPP_LUA "/partnerapp",
		[PA_ROOM_CLI] = PARTNERAPP_LUA "/cli"};
	struct pa_error error;
	struct pa_fault fault = {0};

	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	struct pa_snapshot *scripts = pa_snapshot_read(folders, &error);
	CHECK(scripts, "%s", error.text);
	vm = pa_vm_new(&(struct pa_vm_options){.snapshot = scripts,
					   .services = &services,
					   .entry = "partnerapp.web.cookie", /* any module that is a table: nothing of it is called */
					   .privileged = true,
					   .memory_max = 256 << 20},
		&fault);
	CHECK(vm, "%s", fault.message);
	pa_snapshot_release(scripts);
}

static void free_vm(void)
{
	pa_vm_free(vm);
	vm = NULL;
}

const char *script_call(const char *name, const uint8_t *data, size_t size)
{
	struct input input = {name, data, size};
	struct pa_fault fault = {0};

	if (vm && pa_vm_memory(vm) > MEMORY_KEPT)
		free_vm();
	if (!vm) {
		static bool registered;
		if (!registered)
			registered = atexit(free_vm) == 0; /* else the leak checker would report it */
		make_vm();
	}
	int result = pa_vm_protect(vm, l_call, &input, NULL, &fault);
	CHECK(result == 0, "%s\n%s", fault.message, fault.traceback ? fault.traceback : "");
	return answer;
}
