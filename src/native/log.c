/* require "native.log": log lines and counters. */
#include "base/log.h"

#include <string.h>

#include "base/clock.h"
#include "base/hung.h"
#include "base/mask.h"
#include "base/refusal.h"
#include "base/stats.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

enum {
	MESSAGE_MAX = 4096, /* bytes, as in Segment's editor of functions (SBX-14) */
	FIELDS_MAX = 16,
};

/* Reads a table of fields; their strings stay on the stack while `fields` is used. */
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
			luaL_error(L, "a log field's name must be a string");
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

/* refused(message, status, reason?, peer?, client?) → reason */
static int l_refused(lua_State *L)
{
	const struct pa_native_context *context = pa_native_context_of(L);
	int status = (int)luaL_checkinteger(L, 2);
	const struct pa_refusal refusal = {.server = context->services ? context->services->name : NULL,
		.request_id = pa_native_request_id(L),
		.message = luaL_checkstring(L, 1),
		.status = status,
		.reason = luaL_optstring(L, 3, pa_refusal_reason(status)),
		.peer = luaL_optstring(L, 4, NULL),
		.client = luaL_optstring(L, 5, NULL)};

	pa_refusal_log(&refusal, pa_clock_ms());
	lua_pushstring(L, refusal.reason);
	return 1;
}

static int l_mask(lua_State *L)
{
	size_t length;
	const char *secret = luaL_checklstring(L, 1, &length);

	pa_mask_add(secret, length);
	return 0;
}

static int l_masked(lua_State *L)
{
	luaL_Buffer out;
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	char *room = luaL_buffinitsize(L, &out, length);

	luaL_pushresultsize(&out, pa_mask_apply(text, length, room));
	return 1;
}

static int l_request_id(lua_State *L)
{
	lua_pushstring(L, pa_native_request_id(L));
	return 1;
}

static void push_durations(lua_State *L)
{
	struct pa_stats_histogram durations = pa_stats_durations();

	lua_createtable(L, 0, 3);
	lua_pushnumber(L, durations.seconds);
	lua_setfield(L, -2, "seconds");
	lua_createtable(L, PA_STATS_BOUNDS, 0);
	lua_createtable(L, PA_STATS_BOUNDS + 1, 0);
	for (int i = 0; i <= PA_STATS_BOUNDS; i++) {
		if (i < PA_STATS_BOUNDS) {
			lua_pushnumber(L, durations.bounds[i]);
			lua_rawseti(L, -3, i + 1);
		}
		lua_pushinteger(L, durations.counts[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setfield(L, -3, "counts");
	lua_setfield(L, -2, "bounds");
}

static void push_hung(lua_State *L)
{
	struct pa_hung_place places[PA_HUNG_MAX];
	size_t count = pa_hung_list(places);

	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		const struct pa_hung_place *place = &places[i];
		const char *const fields[][2] = {{"server", place->server}, {"kind", place->kind}, {"method", place->method},
			{"path", place->path}, {"id", place->id}, {"line", place->line}};
		lua_createtable(L, 0, 6);
		for (size_t field = 0; field < sizeof fields / sizeof *fields; field++) {
			lua_pushstring(L, fields[field][1]);
			lua_setfield(L, -2, fields[field][0]);
		}
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static int l_metrics(lua_State *L)
{
	lua_createtable(L, PA_STAT_COUNT, 0);
	for (int i = 0; i < PA_STAT_COUNT; i++) {
		const struct pa_stat_description *about = pa_stats_describe((enum pa_stat)i);
		lua_createtable(L, 0, 4);
		lua_pushstring(L, about->name);
		lua_setfield(L, -2, "name");
		lua_pushstring(L, about->help);
		lua_setfield(L, -2, "help");
		lua_pushstring(L, about->gauge ? "gauge" : "counter");
		lua_setfield(L, -2, "kind");
		lua_pushinteger(L, pa_stats_read((enum pa_stat)i));
		lua_setfield(L, -2, "value");
		lua_rawseti(L, -2, i + 1);
	}
	push_durations(L);
	push_hung(L);
	return 3;
}

int pa_native_open_log(lua_State *L)
{
	static const luaL_Reg functions[] = {{"write", l_write}, {"refused", l_refused}, {"mask", l_mask},
		{"masked", l_masked}, {"request_id", l_request_id}, {"metrics", l_metrics}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
