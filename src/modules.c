/* Finds, loads and remembers modules. */
#include "modules.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "libs.h"
#include "native/native.h"

#define LOADED "partnerapp.loaded" /* name → value; `loading` while a module runs */
#define VIEWS "partnerapp.views"   /* name → read-only view of a library module's table, for the app */
#define PRIVILEGED "partnerapp.privileged"

enum { NAME_MAX_LENGTH = 120 };

/* Letters, digits, '_', '-' and single dots between: nothing that could lead out of a folder. */
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

static const lua_CFunction *find_native(const luaL_Reg *list, const char *name)
{
	for (; list->name; list++)
		if (strcmp(list->name, name) == 0)
			return &list->func;
	return NULL;
}

static bool is_privileged(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, PRIVILEGED);
	bool privileged = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return privileged;
}

static int load_native(lua_State *L, const char *name, enum pa_scripts_kind asker)
{
	const char *rest = name + strlen("native.");
	const lua_CFunction *open = find_native(pa_native_modules, rest);

	if (asker == PA_SCRIPTS_APP)
		return luaL_error(L, "an app cannot require '%s': use the library (partnerapp.…)", name);
	if (!open && is_privileged(L))
		open = find_native(pa_native_privileged_modules, rest);
	if (!open)
		return luaL_error(L, "there is no native module '%s'", name);
	lua_pushcfunction(L, *open);
	lua_call(L, 0, 1);
	return 1;
}

/* Which folder a module is in, and its file there without ".lua". */
static enum pa_scripts_kind place_of(const char *name, char *file, size_t size)
{
	static const struct {
		const char *prefix;
		enum pa_scripts_kind kind;
	} places[] = {{"partnerapp", PA_SCRIPTS_LIBRARY}, {"cli", PA_SCRIPTS_CLI}};
	enum pa_scripts_kind kind = PA_SCRIPTS_APP;
	const char *rest = name;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		size_t length = strlen(places[i].prefix);
		if (strncmp(name, places[i].prefix, length) == 0 && (name[length] == '.' || name[length] == '\0')) {
			kind = places[i].kind;
			rest = name[length] ? name + length + 1 : "init";
		}
	}
	snprintf(file, size, "%s", rest);
	for (char *at = file; *at; at++)
		if (*at == '.')
			*at = '/';
	return kind;
}

static const struct pa_script *find_script(lua_State *L, enum pa_scripts_kind kind, const char *file)
{
	static const char *const endings[] = {".lua", "/init.lua"};
	struct pa_scripts *scripts = pa_native_context_of(L)->scripts;
	char name[NAME_MAX_LENGTH + 32];

	for (size_t i = 0; scripts && i < sizeof endings / sizeof *endings; i++) {
		snprintf(name, sizeof name, "%s%s", file, endings[i]);
		const struct pa_script *script = pa_scripts_find(scripts, kind, name);
		if (script)
			return script;
	}
	return NULL;
}

static void load_script(lua_State *L, const char *name, enum pa_scripts_kind asker)
{
	static const char *const shown[PA_SCRIPTS_KINDS] = {"@%s", "@partnerapp/%s", "@cli/%s"};
	char file[NAME_MAX_LENGTH + 8];
	enum pa_scripts_kind kind = place_of(name, file, sizeof file);

	if (kind == PA_SCRIPTS_CLI && asker == PA_SCRIPTS_APP)
		luaL_error(L, "an app cannot require '%s'", name);
	const struct pa_script *script = find_script(L, kind, file);
	if (!script)
		luaL_error(L, "module '%s' not found: there is no %s.lua", name, file);
	lua_pushfstring(L, shown[kind], script->name);
	if (luaL_loadbufferx(L, script->bytes.at, script->bytes.length, lua_tostring(L, -1), "t") != LUA_OK)
		lua_error(L);
	lua_remove(L, -2);
	lua_getfield(L, LUA_REGISTRYINDEX, kind == PA_SCRIPTS_APP ? PA_LIBS_APP_GLOBALS : PA_LIBS_LIBRARY_GLOBALS);
	lua_setupvalue(L, -2, 1);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
}

/* The app sees a table of the library through a read-only view, made once. */
static void push_view(lua_State *L, const char *name)
{
	if (!lua_istable(L, -1))
		return;
	luaL_getsubtable(L, LUA_REGISTRYINDEX, VIEWS);
	if (lua_getfield(L, -1, name) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_pushvalue(L, -2);
		pa_libs_freeze(L);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, name);
	}
	lua_remove(L, -2);
	lua_remove(L, -2);
}

static int loading; /* its address marks a module that is being loaded */

static void require_as(lua_State *L, const char *name, enum pa_scripts_kind asker)
{
	char file[NAME_MAX_LENGTH + 8];
	bool native = strncmp(name, "native.", strlen("native.")) == 0;

	if (!valid_name(name))
		luaL_error(L, "'%s' is no module name", name);
	luaL_checkstack(L, 10, "too many nested modules");
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LOADED);
	if (lua_getfield(L, -1, name) == LUA_TLIGHTUSERDATA && lua_touserdata(L, -1) == &loading)
		luaL_error(L, "module '%s' requires itself in a loop, or failed to load before", name);
	if (native && asker == PA_SCRIPTS_APP)
		load_native(L, name, asker);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushlightuserdata(L, &loading);
		lua_setfield(L, -2, name);
		if (native)
			load_native(L, name, asker);
		else
			load_script(L, name, asker);
		if (lua_isnil(L, -1)) {
			lua_pop(L, 1);
			lua_pushboolean(L, 1);
		}
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, name);
	}
	lua_remove(L, -2);
	if (asker == PA_SCRIPTS_APP && place_of(name, file, sizeof file) == PA_SCRIPTS_LIBRARY)
		push_view(L, name);
}

static int l_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	enum pa_scripts_kind asker = (enum pa_scripts_kind)lua_tointeger(L, lua_upvalueindex(1));

	/* Handlers of the library call this at every request: the common case first. */
	if (asker == PA_SCRIPTS_LIBRARY && lua_getfield(L, LUA_REGISTRYINDEX, LOADED) == LUA_TTABLE &&
		lua_getfield(L, -1, name) == LUA_TTABLE)
		return 1;
	require_as(L, name, asker);
	return 1;
}

void pa_modules_open(lua_State *L, bool privileged)
{
	if (privileged) {
		lua_pushboolean(L, 1);
		lua_setfield(L, LUA_REGISTRYINDEX, PRIVILEGED);
	}
}

void pa_modules_push_require(lua_State *L, enum pa_scripts_kind kind)
{
	lua_pushinteger(L, kind);
	lua_pushcclosure(L, l_require, 1);
}

void pa_modules_require(lua_State *L, const char *name)
{
	require_as(L, name, PA_SCRIPTS_LIBRARY);
}
