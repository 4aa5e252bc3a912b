/* Log lines and counters, for Lua. */
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "native/native.h"
#include "native/services.h"

enum {
	MESSAGE_MAX = 4096, /* as in Segment's own editor (SBX-14) */
	FIELDS_MAX = 16,
};

/* Reads a table of fields; the texts stay on the stack while they are used. */
static size_t read_fields(lua_State *L, int index, struct pa_log_field *fields)
{
	size_t count = 0;

	if (lua_isnoneornil(L, index))
		return 0;
	luaL_checktype(L, index, LUA_TTABLE);
	luaL_checkstack(L, FIELDS_MAX * 2 + 4, "too many fields");
	int key = lua_gettop(L) + 1;
	lua_pushnil(L);
	while (count < FIELDS_MAX && lua_next(L, index)) {
		struct pa_log_field *field = &fields[count++];
		if (lua_type(L, key) != LUA_TSTRING)
			luaL_error(L, "a log field's name must be a text");
		field->name = lua_tostring(L, key);
		field->verbatim = lua_type(L, key + 1) == LUA_TBOOLEAN || lua_isinteger(L, key + 1);
		field->text = luaL_tolstring(L, key + 1, &field->length);
		lua_replace(L, key + 1);
		lua_pushvalue(L, key); /* the name stays below, the copy goes on to lua_next */
		key += 2;
	}
	return count;
}

static int l_write(lua_State *L)
{
	static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
	const struct pa_native_context *context = pa_native_context_of(L);
	enum pa_log_level level = (enum pa_log_level)luaL_checkoption(L, 1, NULL, levels);
	struct pa_log_field fields[FIELDS_MAX];
	size_t length;
	const char *message = luaL_checklstring(L, 2, &length);

	if (!pa_log_wants(level) || !pa_native_may_log(L))
		return 0;
	size_t count = read_fields(L, 3, fields);
	pa_log_fields(level, context->services ? context->services->name : NULL, pa_native_request_id(L), message,
		length < MESSAGE_MAX ? length : MESSAGE_MAX, fields, count);
	return 0;
}

static int l_mask(lua_State *L)
{
	size_t length;
	const char *secret = luaL_checklstring(L, 1, &length);

	pa_log_mask(secret, length);
	return 0;
}

static void free_buffer(void *buffer)
{
	pa_buffer_free(buffer);
	free(buffer);
}

static int l_metrics(lua_State *L)
{
	void **box = pa_native_box(L, free_buffer);
	struct pa_buffer *text = *box = calloc(1, sizeof *text);

	if (!text || pa_stats_write(text) < 0)
		return luaL_error(L, "not enough memory");
	lua_pushlstring(L, text->at, text->length);
	return 1;
}

int pa_native_open_log(lua_State *L)
{
	static const luaL_Reg functions[] = {{"write", l_write}, {"mask", l_mask}, {"metrics", l_metrics}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
