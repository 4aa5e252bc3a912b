/* Picks harmless functions of Lua's libraries, and replaces others. */
#include "script/libs.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "native/native.h"
#include "native/services.h"
#include "script/budget.h"
#include "script/freeze.h"
#include "script/recursion.h"
#include "script/rooms.h"
#include "script/string_library.h"
#include "script/table_library.h"

/* setmetatable that refuses __gc: a finalizer would run without a CPU budget (SBX-06). */
static int l_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnoneornil(L, 2) ? lua_isnil(L, 2) : lua_istable(L, 2), 2, "nil or table");
	if (lua_istable(L, 2)) {
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "a script may not set __gc: use to-be-closed variables (local x <close>)");
		lua_pop(L, 1);
	}
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

/* xpcall that calls the handler after the stack was unwound, with the traceback added to the message: during Lua's own
 * xpcall, no hook can stop a handler that loops (SBX-05). */
static int keep_traceback(lua_State *L)
{
	pa_recursion_explain(L);
	const char *message = lua_tostring(L, 1);

	if (message)
		luaL_traceback(L, L, message, 1);
	return 1;
}

static int finish_xpcall(lua_State *L, int status, lua_KContext base)
{
	int results = lua_gettop(L) - (int)base;

	luaL_checkstack(L, 2, "too many results"); /* Lua makes room for the results only */
	if (status == LUA_OK || status == LUA_YIELD) {
		lua_pushboolean(L, 1);
		lua_insert(L, (int)base + 1);
		return results + 1;
	}
	lua_pushvalue(L, 1);
	lua_insert(L, -2);
	lua_pcall(L, 1, 1, 0); /* as in Lua: when the handler raises, its error value replaces its result */
	lua_pushboolean(L, 0);
	lua_insert(L, -2);
	return 2;
}

static int l_xpcall(lua_State *L)
{
	int count = lua_gettop(L);

	luaL_checkany(L, 1);
	luaL_checktype(L, 2, LUA_TFUNCTION);
	/* f handler arguments… → handler keep_traceback f arguments… */
	lua_pushvalue(L, 2);
	lua_pushcfunction(L, keep_traceback);
	lua_pushvalue(L, 1);
	lua_rotate(L, 1, 3);
	lua_remove(L, 4);
	lua_remove(L, 4);
	return finish_xpcall(L, lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_xpcall), 2);
}

static int l_collectgarbage(lua_State *L)
{
	const char *option = luaL_optstring(L, 1, "collect");

	if (strcmp(option, "count") != 0)
		return luaL_error(L, "collectgarbage(\"%s\"): a script may only ask for \"count\"", option);
	lua_pushnumber(L, (lua_Number)lua_gc(L, LUA_GCCOUNT) + (lua_Number)lua_gc(L, LUA_GCCOUNTB) / 1024);
	return 1;
}

enum { PRINT_MAX = 4096 }; /* bytes, as in Segment's editor of functions (SBX-14) */

/* Replaces the value at `index` by its text: of a table without __tostring, what is in it (partnerapp.inspect). */
static void describe(lua_State *L, int index)
{
	int top = lua_gettop(L);

	if (lua_istable(L, index) && luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
		lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
		lua_rawgeti(L, -1, PA_ROOM_LIBRARY);
		lua_getfield(L, -1, "require");
		lua_pushliteral(L, "partnerapp.inspect");
		lua_call(L, 1, 1);
		lua_pushvalue(L, index);
		lua_call(L, 1, 1);
	} else {
		luaL_tolstring(L, index, NULL);
	}
	lua_replace(L, index);
	lua_settop(L, top);
}

static int l_print(lua_State *L)
{
	const struct pa_native_context *context = pa_native_context_of(L);
	int count = lua_gettop(L);
	luaL_Buffer text;
	size_t length;

	bool is_caught = lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_PRINTED) == LUA_TFUNCTION;
	if (!is_caught && (!pa_log_wants(PA_LOG_INFO) || !pa_native_may_log(L)))
		return 0;
	for (int i = 1; i <= count; i++)
		describe(L, i);
	luaL_buffinit(L, &text);
	for (int i = 1; i <= count; i++) {
		if (i > 1)
			luaL_addchar(&text, '\t');
		lua_pushvalue(L, i);
		luaL_addvalue(&text);
	}
	luaL_pushresult(&text);
	if (is_caught) {
		lua_call(L, 1, 0);
		return 0;
	}
	const char *line = lua_tolstring(L, -1, &length);
	pa_log_fields(PA_LOG_INFO, context->services ? context->services->name : NULL, pa_native_request_id(L), line,
		length < PRINT_MAX ? length : PRINT_MAX, NULL, 0);
	return 0;
}

/* Coroutines: as Lua's, with pa_budget_switch at each change of the running one */

enum { STACK_TO_CLOSE = 384 << 10 }; /* bytes; a worker has 1 MiB, and 200 nested calls take a third of it */

/* Lua counts nested C calls from where a coroutine was resumed last, not from where it is closed. Coroutines that close
 * each other would overflow the C stack, each in a variable's __close of the one before (SBX-10). */
static void check_stack(lua_State *L)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), begun = pa_native_context_of(L)->stack;

	if (begun != 0 && begun - here > STACK_TO_CLOSE)
		luaL_error(L, "C stack overflow: too many coroutines close each other");
}

/* Closes to-be-closed variables, which runs code of the script: within the budget. */
static int reset(lua_State *L, lua_State *coroutine)
{
	pa_budget_switch(coroutine);
	int status = lua_resetthread(coroutine);
	pa_budget_switch(L);
	return status;
}

static int resume(lua_State *L, lua_State *coroutine, int arguments)
{
	int results, status;

	if (!lua_checkstack(coroutine, arguments)) {
		lua_pushliteral(L, "too many arguments to resume");
		return -1;
	}
	lua_xmove(L, coroutine, arguments);
	pa_budget_switch(coroutine);
	status = lua_resume(coroutine, L, arguments, &results);
	pa_budget_switch(L);
	if (status == LUA_OK || status == LUA_YIELD) {
		if (!lua_checkstack(L, results + 1)) {
			lua_pop(coroutine, results);
			lua_pushliteral(L, "too many results to resume");
			return -1;
		}
		lua_xmove(coroutine, L, results);
		return results;
	}
	pa_recursion_explain(coroutine);
	/* After an error Lua keeps the coroutine's to-be-closed variables open until it is closed or collected: close it
	 * now. */
	if (lua_status(coroutine) > LUA_YIELD)
		reset(L, coroutine);
	lua_xmove(coroutine, L, 1);
	return -1;
}

static lua_State *check_coroutine(lua_State *L)
{
	lua_State *coroutine = lua_tothread(L, 1);

	luaL_argexpected(L, coroutine, 1, "coroutine");
	return coroutine;
}

static int l_resume(lua_State *L)
{
	int results = resume(L, check_coroutine(L), lua_gettop(L) - 1);

	lua_pushboolean(L, results >= 0);
	if (results < 0)
		results = 1;
	lua_insert(L, -(results + 1));
	return results + 1;
}

static int l_close(lua_State *L)
{
	lua_State *coroutine = check_coroutine(L);
	lua_Debug info;

	if (lua_status(coroutine) == LUA_OK && (coroutine == L || lua_getstack(coroutine, 0, &info)))
		return luaL_error(L, "cannot close a coroutine that runs");
	check_stack(L);
	bool closed = reset(L, coroutine) == LUA_OK;
	lua_pushboolean(L, closed);
	if (!closed)
		lua_xmove(coroutine, L, 1);
	return closed ? 1 : 2;
}

static int l_wrapped(lua_State *L)
{
	lua_State *coroutine = lua_tothread(L, lua_upvalueindex(1));
	int results = resume(L, coroutine, lua_gettop(L));

	if (results >= 0)
		return results;
	/* Where coroutines run each other without end, the line of one of them is enough. */
	if (lua_type(L, -1) == LUA_TSTRING &&
		(!pa_recursion_is(lua_tostring(L, -1)) || !strchr(lua_tostring(L, -1), ':'))) {
		luaL_where(L, 1);
		lua_insert(L, -2);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

static int l_create(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_State *coroutine = lua_newthread(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, coroutine, 1);
	return 1;
}

static int l_wrap(lua_State *L)
{
	l_create(L);
	lua_pushcclosure(L, l_wrapped, 1);
	return 1;
}

/* Copies the named fields of the table on top into a new one; replaces it. */
static void pick(lua_State *L, const char *const *names)
{
	lua_newtable(L);
	for (; *names; names++) {
		lua_getfield(L, -2, *names);
		lua_setfield(L, -2, *names);
	}
	lua_remove(L, -2);
}

static void open_library(lua_State *L, lua_CFunction open)
{
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
}

static void push_coroutine_library(lua_State *L)
{
	static const char *const kept[] = {"isyieldable", "running", "status", "yield", NULL};
	static const luaL_Reg own[] = {
		{"close", l_close}, {"create", l_create}, {"resume", l_resume}, {"wrap", l_wrap}, {NULL, NULL}};

	open_library(L, luaopen_coroutine);
	pick(L, kept);
	luaL_setfuncs(L, own, 0);
}

void pa_libs_push(lua_State *L)
{
	static const char *const kept[] = {"_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs",
		"pcall", "rawequal", "rawget", "rawlen", "select", "tonumber", "tostring", "type", NULL};
	static const char *const os[] = {"clock", "date", "difftime", "time", NULL};
	static const luaL_Reg own[] = {{"collectgarbage", l_collectgarbage}, {"print", l_print},
		{"rawset", pa_freeze_rawset}, {"setmetatable", l_setmetatable}, {"xpcall", l_xpcall}, {NULL, NULL}};

	open_library(L, luaopen_base);
	pick(L, kept);
	luaL_setfuncs(L, own, 0);
	pa_string_library_push(L);
	pa_freeze(L);
	lua_setfield(L, -2, "string");
	pa_table_library_push(L);
	pa_freeze(L);
	lua_setfield(L, -2, "table");
	push_coroutine_library(L);
	pa_freeze(L);
	lua_setfield(L, -2, "coroutine");
	open_library(L, luaopen_os);
	pick(L, os);
	pa_freeze(L);
	lua_setfield(L, -2, "os");

	static const struct {
		const char *name;
		lua_CFunction open;
	} whole[] = {{"math", luaopen_math}, {"utf8", luaopen_utf8}};
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		open_library(L, whole[i].open);
		pa_freeze(L);
		lua_setfield(L, -2, whole[i].name);
	}
}
