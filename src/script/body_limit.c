/* Calls of the library's code alone (web/body_limit.lua), which ends soon: without a CPU budget. */
#include "script/body_limit.h"

#include <lauxlib.h>
#include <lua.h>

static int l_body_floor(lua_State *L)
{
	size_t *floor = lua_touserdata(L, 1);

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	lua_getfield(L, -1, "body_floor");
	*floor = (size_t)luaL_optinteger(L, -1, 0);
	return 0;
}

size_t pa_body_limit_floor(struct pa_vm *vm)
{
	struct pa_fault fault = {0};
	size_t floor = 0;

	pa_vm_protect(vm, l_body_floor, &floor, NULL, &fault);
	pa_fault_free(&fault);
	return floor;
}

struct question {
	const struct pa_request *request;
	size_t *limit;
};

static int l_body_limit(lua_State *L)
{
	const struct question *question = lua_touserdata(L, 1);
	const struct pa_request *request = question->request;

	lua_getfield(L, LUA_REGISTRYINDEX, PA_VM_ENTRY);
	if (lua_getfield(L, -1, "body_limit") == LUA_TNIL)
		return 0;
	lua_pushlstring(L, request->method.at, request->method.length);
	lua_pushlstring(L, request->path.at, request->path.length);
	lua_call(L, 2, 1);
	*question->limit = (size_t)luaL_optinteger(L, -1, (lua_Integer)*question->limit);
	return 0;
}

int pa_body_limit_of(struct pa_vm *vm, const struct pa_request *request, size_t *limit, struct pa_fault *fault)
{
	return pa_vm_protect(vm, l_body_limit, &(struct question){request, limit}, NULL, fault);
}
