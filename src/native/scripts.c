/* require "native.scripts": the snapshot of scripts that the VM was made from, and the compiler for templates. */
#include <stdbool.h>
#include <string.h>

#include "base/encoding.h"
#include "base/media.h"
#include "native/modules.h"
#include "native/native.h"
#include "script/snapshot.h"

static enum pa_room_id check_room(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	for (int id = 0; id < PA_ROOMS; id++)
		if (strcmp(pa_rooms[id].name, name) == 0)
			return (enum pa_room_id)id;
	luaL_argerror(L, 1, "not a room of scripts");
	return PA_ROOM_APP;
}

static int l_read(lua_State *L)
{
	const struct pa_snapshot *snapshot = pa_native_context_of(L)->snapshot;
	enum pa_room_id room = check_room(L);
	size_t length;
	const char *name = luaL_checklstring(L, 2, &length);
	const struct pa_script *script = snapshot ? pa_snapshot_find(snapshot, room, name) : NULL;

	if (!script || strlen(name) != length) /* a name with a NUL in it names no file (HT-10) */
		return 0;
	lua_pushlstring(L, script->bytes.at, script->bytes.length);
	lua_pushstring(L, script->path);
	lua_pushinteger(L, script->saved_ns);
	return 3;
}

static int l_list(lua_State *L)
{
	const struct pa_snapshot *snapshot = pa_native_context_of(L)->snapshot;
	enum pa_room_id room = check_room(L);
	const char *prefix = luaL_optstring(L, 2, "");
	const struct pa_script *script;
	lua_Integer count = 0;

	lua_newtable(L);
	for (size_t i = 0; snapshot && (script = pa_snapshot_at(snapshot, room, i)); i++) {
		if (strncmp(script->name, prefix, strlen(prefix)) != 0)
			continue;
		lua_pushstring(L, script->name);
		lua_rawseti(L, -2, ++count);
	}
	return 1;
}

static int l_compile(lua_State *L)
{
	size_t length;
	const char *source = luaL_checklstring(L, 1, &length);
	const char *name = luaL_checkstring(L, 2);

	luaL_checkany(L, 3);
	if (pa_encoding_is_utf16((struct pa_span){source, length})) {
		lua_pushnil(L);
		lua_pushfstring(L, "%s:1: " PA_ENCODING_UTF16, *name == '@' ? name + 1 : name);
		return 2;
	}
	if (luaL_loadbufferx(L, source, length, name, "t") != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	lua_pushvalue(L, 3);
	lua_setupvalue(L, -2, 1);
	return 1;
}

static int l_is_utf16(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);

	lua_pushboolean(L, pa_encoding_is_utf16((struct pa_span){text, length}));
	return 1;
}

static int l_media_type(lua_State *L)
{
	lua_pushstring(L, pa_media_type(luaL_checkstring(L, 1)));
	return 1;
}

static int l_endings(lua_State *L)
{
	const char *ending;

	lua_newtable(L);
	for (size_t i = 0; (ending = pa_media_ending(i)); i++) {
		lua_pushstring(L, ending);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int l_globals(lua_State *L)
{
	lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_GLOBALS);
	lua_rawgeti(L, -1, PA_ROOM_APP);
	return 1;
}

/* Chunks of the library are named "partnerapp/…" (script/modules.c). */
static bool is_app_line(const lua_Debug *info)
{
	return info->currentline > 0 && strncmp(info->short_src, "partnerapp/", 11) != 0;
}

/* In a coroutine that the library has begun there is no line of the app: the script is the one that is loaded now. Of a
 * name such as "@init.lua". */
static int push_loading(lua_State *L)
{
	if (lua_getfield(L, LUA_REGISTRYINDEX, PA_NATIVE_LOADING) == LUA_TSTRING)
		lua_pushfstring(L, "%s:?", lua_tostring(L, -1) + 1);
	else
		lua_pushliteral(L, "?");
	return 1;
}

static int l_caller(lua_State *L)
{
	lua_Debug info;

	for (int level = 1; lua_getstack(L, level, &info) && lua_getinfo(L, "Sl", &info); level++)
		if (is_app_line(&info)) {
			lua_pushfstring(L, "%s:%d", info.short_src, info.currentline);
			return 1;
		}
	return push_loading(L);
}

static int l_place(lua_State *L)
{
	lua_Debug info;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_pushvalue(L, 1);
	lua_getinfo(L, ">S", &info);
	lua_pushfstring(L, "%s:%d", info.short_src, info.linedefined);
	return 1;
}

static int l_rooms(lua_State *L)
{
	lua_createtable(L, PA_ROOMS, 0);
	for (int id = 0; id < PA_ROOMS; id++) {
		lua_createtable(L, 0, 3);
		lua_pushstring(L, pa_rooms[id].name);
		lua_setfield(L, -2, "name");
		lua_pushstring(L, pa_rooms[id].prefix);
		lua_setfield(L, -2, "prefix");
		lua_pushboolean(L, pa_rooms[id].has_pages);
		lua_setfield(L, -2, "has_pages");
		lua_rawseti(L, -2, id + 1);
	}
	return 1;
}

static int l_version(lua_State *L)
{
	const struct pa_snapshot *snapshot = pa_native_context_of(L)->snapshot;

	if (!snapshot)
		return 0;
	lua_pushfstring(L, "%I", (LUAI_UACINT)pa_snapshot_read_ns(snapshot));
	return 1;
}

int pa_native_open_scripts(lua_State *L)
{
	static const luaL_Reg functions[] = {{"read", l_read}, {"list", l_list}, {"compile", l_compile}, {"rooms", l_rooms},
		{"globals", l_globals}, {"caller", l_caller}, {"place", l_place}, {"version", l_version},
		{"is_utf16", l_is_utf16}, {"media_type", l_media_type}, {"endings", l_endings}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
