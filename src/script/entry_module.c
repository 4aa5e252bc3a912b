/* Functions of the entry module, each with a budget for its kind of work. */
#include "script/entry_module.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "native/native.h"
#include "script/budget.h"

struct run {
	char *const *arguments;
	size_t count;
	int *exit_code;
};

static int l_run(lua_State *L)
{
	const struct run *run = lua_touserdata(L, 1);
	int is_integer;

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	if (lua_getfield(L, -1, "run") != LUA_TFUNCTION)
		luaL_error(L, "the task's module has no function 'run'");
	lua_createtable(L, (int)run->count, 0);
	for (size_t i = 0; i < run->count; i++) {
		lua_pushstring(L, run->arguments[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_call(L, 1, 1);
	lua_Integer code = lua_tointegerx(L, -1, &is_integer);
	if (!is_integer || code < 0 || code > 255)
		luaL_error(L, "a task must return its exit code, an integer from 0 to 255");
	*run->exit_code = (int)code;
	return 0;
}

int pa_entry_module_run(struct pa_vm *vm, char *const *arguments, size_t count, int *exit_code, struct pa_fault *fault)
{
	struct run run = {.arguments = arguments, .count = count, .exit_code = exit_code};

	return pa_vm_protect(vm, l_run, &run, &(struct pa_budget_work){.kind = "task"}, fault);
}

struct due {
	const char *lane;
	double *seconds;
};

static int l_run_due(lua_State *L)
{
	const struct due *due = lua_touserdata(L, 1);

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	lua_getfield(L, -1, "run_due");
	lua_pushstring(L, due->lane);
	lua_call(L, 1, 1);
	*due->seconds = luaL_optnumber(L, -1, -1);
	return 0;
}

int pa_entry_module_run_due(struct pa_vm *vm, const char *lane, double *seconds, struct pa_fault *fault)
{
	struct due due = {lane, seconds};

	return pa_vm_protect(vm, l_run_due, &due, &(struct pa_budget_work){.kind = "job", .only_one = true}, fault);
}

static int l_lanes(lua_State *L)
{
	struct pa_entry_module_lanes *lanes = lua_touserdata(L, 1);

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	lua_getfield(L, -1, "lanes");
	lua_call(L, 0, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		size_t length;
		const char *name = luaL_checklstring(L, -1, &length);
		if (lanes->count == PA_ENTRY_MODULE_LANES || length >= PA_ENTRY_MODULE_LANE_SIZE)
			luaL_error(L, "an app may have %d lanes of jobs, with names of at most %d bytes", PA_ENTRY_MODULE_LANES,
				PA_ENTRY_MODULE_LANE_SIZE - 1);
		memcpy(lanes->names[lanes->count++], name, length + 1);
		lua_pop(L, 1);
	}
	return 0;
}

int pa_entry_module_lanes(struct pa_vm *vm, struct pa_entry_module_lanes *lanes, struct pa_fault *fault)
{
	lanes->count = 0;
	return pa_vm_protect(vm, l_lanes, lanes, &(struct pa_budget_work){.kind = "loading", .only_one = true}, fault);
}

struct question {
	struct pa_span text;
	struct pa_buffer *answer;
};

static int l_ask(lua_State *L)
{
	const struct question *question = lua_touserdata(L, 1);
	size_t length;

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	lua_getfield(L, -1, "ask");
	lua_pushlstring(L, question->text.at, question->text.length);
	lua_call(L, 1, 1);
	const char *text = lua_tolstring(L, -1, &length);
	if (!text)
		return luaL_error(L, "an answer must be a string, not a %s", luaL_typename(L, -1));
	if (pa_buffer_add(question->answer, text, length) < 0)
		pa_native_no_memory(L);
	return 0;
}

int pa_entry_module_ask(struct pa_vm *vm, struct pa_span question, struct pa_buffer *answer, struct pa_fault *fault)
{
	struct question asked = {question, answer};

	return pa_vm_protect(vm, l_ask, &asked, &(struct pa_budget_work){.kind = "question"}, fault);
}
