/* Finds, loads and keeps modules. */
#include "script/modules.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "native/modules.h"
#include "native/native.h"
#include "script/chunk.h"
#include "script/freeze.h"
#include "script/libs.h"
#include "script/rooms.h"
#include "script/snapshot.h"

#define LOADED "partnerapp.loaded" /* name → value; `loading` while a module runs */
#define VIEWS "partnerapp.views"   /* name → deep read-only view of a library module's table, for the app */
#define PRIVILEGED "partnerapp.privileged"

enum { NAME_MAX_LENGTH = 120 };

/* Allows letters, digits, '_', '-' and single dots between them: such a name cannot point outside its folder. */
static bool valid_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_MAX_LENGTH || name[0] == '.' || name[length - 1] == '.')
		return false;
	for (const char *at = name; *at; at++) {
		bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
		if (!letter && *at != '_' && *at != '-' && !(*at == '.' && at[1] != '.'))
			return false;
	}
	return true;
}

static bool is_privileged(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, PRIVILEGED);
	bool privileged = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return privileged;
}

static const struct pa_script *find_script(lua_State *L, enum pa_room_id id, const char *file)
{
	static const char *const endings[] = {".lua", "/init.lua"};
	struct pa_snapshot *snapshot = pa_native_context_of(L)->snapshot;
	char name[NAME_MAX_LENGTH + 32];

	for (size_t i = 0; snapshot && i < sizeof endings / sizeof *endings; i++) {
		snprintf(name, sizeof name, "%s%s", file, endings[i]);
		const struct pa_script *script = pa_snapshot_find(snapshot, id, name);
		if (script)
			return script;
	}
	return NULL;
}

/* The file of a module without ".lua": a dot leads into a folder. */
static void write_file(const char *rest, char *file, size_t size)
{
	snprintf(file, size, "%s", rest);
	for (char *at = file; *at; at++)
		if (*at == '.')
			*at = '/';
}

/* What an app may not require, and what it can use instead */

static const char *const public_ways[][2] = {
	{"web", "the request, partnerapp.reply and the app's methods"},
	{"oauth", "app:oauth"},
	{"installs", "app.installs"},
	{"destination", "partnerapp.destination"},
	{"segment", "partnerapp.segment and install:segment()"},
	{"host", "the app's methods"},
	{"actions", "`partnerapp actions`"},
	{"testing", "partnerapp.testing"},
	{"store", "partnerapp.db, app.installs and app.env"},
};

static const char *public_way(const char *rest)
{
	for (size_t i = 0; i < sizeof public_ways / sizeof *public_ways; i++) {
		size_t length = strlen(public_ways[i][0]);
		if (strncmp(rest, public_ways[i][0], length) == 0 && (rest[length] == '.' || rest[length] == '\0'))
			return public_ways[i][1];
	}
	return "its public modules";
}

/* Raises when modules of room `caller` may not require module `name`. */
static void check_access(lua_State *L, const char *name, bool native, enum pa_room_id caller)
{
	char file[NAME_MAX_LENGTH + 8];
	const char *rest;
	enum pa_room_id id = pa_rooms_of(name, &rest);

	if (native && !pa_rooms[caller].trusted)
		luaL_error(L, "an app cannot require '%s': use the library (partnerapp.…)", name);
	if (native || pa_rooms_admits(caller, id, true))
		return;
	if (pa_rooms[id].access == PA_ROOM_CLOSED)
		luaL_error(L, "an app cannot require '%s'", name);
	write_file(rest, file, sizeof file);
	const struct pa_script *script = find_script(L, id, file);
	if (!pa_rooms_admits(caller, id, strchr(script ? script->name : file, '/') != NULL))
		luaL_error(L, "'%s' is private to the library: use %s (docs/scripts.md)", name, public_way(rest));
}

static const lua_CFunction *find_native(const luaL_Reg *list, const char *name)
{
	for (; list->name; list++)
		if (strcmp(list->name, name) == 0)
			return &list->func;
	return NULL;
}

static void load_native(lua_State *L, const char *name)
{
	const char *rest = name + strlen("native.");
	const lua_CFunction *open = find_native(pa_native_modules, rest);

	if (!open && is_privileged(L))
		open = find_native(pa_native_privileged_modules, rest);
	if (open) {
		lua_pushcfunction(L, *open);
		lua_call(L, 0, 1);
	} else {
		luaL_error(L, "there is no native module '%s'", name);
	}
}

/* Pushes the name of a script for messages: "init.lua", "partnerapp/http.lua". */
static void push_shown_name(lua_State *L, enum pa_room_id id, const struct pa_script *script)
{
	const char *prefix = pa_rooms[id].prefix;

	lua_pushfstring(L, "@%s%s%s", prefix ? prefix : "", prefix ? "/" : "", script->name);
}

static void require_as(lua_State *L, const char *name, enum pa_room_id caller);

/* Calls the function that the library's module partnerapp.hints.`name` is, with the values on top of the stack, which
 * it pops. Pushes what it returns, a text for the end of a message; "" in a test without that module. */
static void push_hint(lua_State *L, const char *name, int arguments)
{
	char module[64], file[64];

	snprintf(file, sizeof file, "hints/%s", name);
	if (!find_script(L, PA_ROOM_LIBRARY, file)) {
		lua_pop(L, arguments);
		lua_pushliteral(L, "");
		return;
	}
	snprintf(module, sizeof module, "partnerapp.hints.%s", name);
	require_as(L, module, PA_ROOM_LIBRARY);
	lua_insert(L, -1 - arguments);
	lua_call(L, arguments, 1);
	luaL_checkstring(L, -1);
}

/* Raises Lua's message about the syntax of a script, which is on top of the stack, with a hint. */
static void raise_syntax(lua_State *L, const struct pa_script *script)
{
	lua_pushvalue(L, -1);
	lua_pushlstring(L, script->bytes.at, script->bytes.length);
	push_hint(L, "syntax", 2);
	lua_concat(L, 2);
	lua_error(L);
}

static void raise_not_found(lua_State *L, const char *name, const char *file)
{
	lua_pushstring(L, name);
	push_hint(L, "modules", 1);
	luaL_error(L, "module '%s' not found: there is no %s.lua%s", name, file, lua_tostring(L, -1));
}

static void load_script(lua_State *L, const char *name)
{
	char file[NAME_MAX_LENGTH + 8];
	const char *rest;
	enum pa_room_id id = pa_rooms_of(name, &rest);

	write_file(rest, file, sizeof file);
	const struct pa_script *script = find_script(L, id, file);
	if (!script) {
		raise_not_found(L, name, file);
		return;
	}
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LOADING); /* of the script that requires this one */
	push_shown_name(L, id, script);
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LOADING);
	if (!pa_chunk_load(L, script, lua_tostring(L, -1), !pa_rooms[id].trusted))
		raise_syntax(L, script);
	lua_remove(L, -2);
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
	lua_rawgeti(L, -1, id);
	lua_remove(L, -2);
	lua_setupvalue(L, -2, 1);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
	lua_insert(L, -2);
	lua_setfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LOADING);
}

/* Replaces a table of the library on top of the stack by its read-only view, which is made once, for the app. */
static void push_view(lua_State *L, const char *name)
{
	if (!lua_istable(L, -1))
		return;
	luaL_getsubtable(L, LUA_REGISTRYINDEX, VIEWS);
	if (lua_getfield(L, -1, name) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_pushvalue(L, -2);
		pa_freeze_deep(L);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, name);
	}
	lua_remove(L, -2);
	lua_remove(L, -2);
}

static int loading; /* its address marks a module that is being loaded */

/* The mark of a module. When the module raises, the mark goes: the next `require` loads it again, and says again what
 * is wrong with it. */
struct mark {
	lua_State *L;
	char name[NAME_MAX_LENGTH + 1];
	bool is_loaded;
};

static void mark_close(void *held)
{
	struct mark *mark = held;

	if (!mark->L || mark->is_loaded)
		return;
	lua_getfield(mark->L, LUA_REGISTRYINDEX, LOADED);
	lua_pushnil(mark->L);
	lua_setfield(mark->L, -2, mark->name);
	lua_pop(mark->L, 1);
}

/* Loads the module and keeps what it returns in the table LOADED at index `loaded`. Pushes that. */
static void load(lua_State *L, const char *name, bool native, int loaded)
{
	struct mark *mark = pa_native_box(L, sizeof *mark, mark_close);
	int box = lua_gettop(L);

	lua_pushlightuserdata(L, &loading);
	lua_setfield(L, loaded, name);
	snprintf(mark->name, sizeof mark->name, "%s", name);
	mark->L = L;
	if (native)
		load_native(L, name);
	else
		load_script(L, name);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, 1);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, loaded, name);
	mark->is_loaded = true;
	lua_closeslot(L, box);
	lua_remove(L, box);
}

static void require_as(lua_State *L, const char *name, enum pa_room_id caller)
{
	bool native = strncmp(name, "native.", strlen("native.")) == 0;
	const char *rest;

	if (!valid_name(name))
		luaL_error(L, "'%s' is not a module name", name);
	check_access(L, name, native, caller);
	luaL_checkstack(L, 12, "too many nested modules");
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LOADED);
	int loaded = lua_gettop(L);
	if (lua_getfield(L, loaded, name) == LUA_TLIGHTUSERDATA && lua_touserdata(L, -1) == &loading)
		luaL_error(L, "module '%s' requires itself in a loop", name);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		load(L, name, native, loaded);
	}
	lua_remove(L, loaded);
	if (!pa_rooms[caller].trusted && pa_rooms_of(name, &rest) == PA_ROOM_LIBRARY)
		push_view(L, name);
}

static int l_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	enum pa_room_id caller = (enum pa_room_id)lua_tointeger(L, lua_upvalueindex(1));

	/* Functions of the library call this at every request: first the most frequent case. */
	if (caller == PA_ROOM_LIBRARY && lua_getfield(L, LUA_REGISTRYINDEX, LOADED) == LUA_TTABLE &&
		lua_getfield(L, -1, name) == LUA_TTABLE)
		return 1;
	require_as(L, name, caller);
	return 1;
}

static int l_undeclared(lua_State *L)
{
	const char *name = luaL_tolstring(L, 2, NULL);

	lua_pushvalue(L, -1);
	push_hint(L, "globals", 1);
	return luaL_error(L, "undeclared variable '%s'%s", name, lua_tostring(L, -1));
}

/* Pushes the read-only globals of the chunks of one room: the libraries at index `base` and a `require`. */
static void push_globals(lua_State *L, int base, enum pa_room_id caller)
{
	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, base)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_settable(L, -4);
	}
	lua_pushinteger(L, caller);
	lua_pushcclosure(L, l_require, 1);
	lua_setfield(L, -2, "require");
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, l_undeclared);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	pa_freeze(L);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "_G");
	lua_remove(L, -2);
}

void pa_modules_open(lua_State *L, bool privileged)
{
	int base = lua_gettop(L) + 1;

	pa_native_prepare(L);
	pa_libs_push(L);
	lua_createtable(L, PA_ROOMS, 0);
	for (int id = 0; id < PA_ROOMS; id++) {
		if (pa_rooms[id].command_line && !privileged) /* its folder is not read */
			continue;
		push_globals(L, base, (enum pa_room_id)id);
		lua_rawseti(L, base + 1, id);
	}
	lua_setfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
	lua_settop(L, base - 1);
	lua_pushboolean(L, privileged);
	lua_setfield(L, LUA_REGISTRYINDEX, PRIVILEGED);
}

void pa_modules_require(lua_State *L, const char *name)
{
	require_as(L, name, PA_ROOM_LIBRARY);
}
