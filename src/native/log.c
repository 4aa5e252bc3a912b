/* require "native.log": log lines and counters. */
#include "base/log.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/hung.h"
#include "base/mask.h"
#include "base/message.h"
#include "base/refusal.h"
#include "base/stats.h"
#include "base/trail.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

enum {
	MESSAGE_MAX = 4096, /* bytes, as in Segment's editor of functions (SBX-14) */
	FIELDS_MAX = 16,
};

/* Whether the value is written in JSON as it is: a number or a boolean, but not NaN or an infinity. */
static bool is_literal(lua_State *L, int index)
{
	return lua_type(L, index) == LUA_TBOOLEAN ||
		   (lua_type(L, index) == LUA_TNUMBER && (lua_isinteger(L, index) || isfinite(lua_tonumber(L, index))));
}

/* Reads a table of fields in the order of their names: the first FIELDS_MAX names, and how many there are in *all. The
 * strings stay on the stack, or in the table, while `fields` is used. */
static size_t read_fields(lua_State *L, int index, struct pa_log_field *fields, lua_Integer *all)
{
	size_t count = 0;

	*all = 0;
	if (lua_isnoneornil(L, index))
		return 0;
	luaL_checktype(L, index, LUA_TTABLE);
	luaL_checkstack(L, FIELDS_MAX + 8, "too many fields");
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "a log field's name must be a string");
		const char *name = lua_tostring(L, -2);
		size_t place = count;
		while (place > 0 && strcmp(fields[place - 1].name, name) > 0)
			place--;
		++*all;
		if (place == FIELDS_MAX)
			continue;
		count += count < FIELDS_MAX;
		memmove(&fields[place + 1], &fields[place], (count - place - 1) * sizeof *fields);
		fields[place].name = name;
	}
	for (size_t i = 0; i < count; i++) {
		lua_getfield(L, index, fields[i].name);
		fields[i].verbatim = is_literal(L, -1);
		fields[i].text = luaL_tolstring(L, -1, &fields[i].length);
		lua_remove(L, -2);
	}
	return count;
}

static int l_write(lua_State *L)
{
	static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
	const struct pa_native_context *context = pa_native_context_of(L);
	enum pa_log_level level = (enum pa_log_level)luaL_checkoption(L, 1, NULL, levels);
	struct pa_log_field fields[FIELDS_MAX + 1];
	char left_out[PA_RECORD_NUMBER_MAX];
	lua_Integer all;
	size_t length;
	const char *message = luaL_checklstring(L, 2, &length);

	if (!pa_log_wants(level) || !pa_native_may_log(L))
		return 0;
	size_t count = read_fields(L, 3, fields, &all);
	if (all > FIELDS_MAX)
		fields[count++] = pa_record_number("fields_left_out", left_out, "%lld", (long long)all - FIELDS_MAX);
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
		.client = luaL_optstring(L, 5, NULL),
		.trail = context->request ? context->request->trail : NULL};

	pa_refusal_log(&refusal, pa_clock_ms());
	if (context->request)
		pa_request_set_refusal(context->request, pa_text_span(refusal.reason));
	lua_pushstring(L, refusal.reason);
	return 1;
}

/* call_begins() → a time for `called`, or nothing when calls out are not logged */
static int l_call_begins(lua_State *L)
{
	if (!pa_log_wants_requests())
		return 0;
	lua_pushinteger(L, pa_clock_ns());
	return 1;
}

/* called(begun, method, url, status?, code?) */
static int l_called(lua_State *L)
{
	const struct pa_native_context *context = pa_native_context_of(L);
	const struct pa_trail_call call = {.took_ns = pa_clock_ns() - luaL_checkinteger(L, 1),
		.method = pa_native_check_span(L, 2),
		.url = pa_native_check_span(L, 3),
		.status = (int)luaL_optinteger(L, 4, 0),
		.problem = luaL_optstring(L, 5, NULL)};

	pa_log_called(context->services ? context->services->name : NULL, pa_native_request_id(L),
		context->request ? context->request->trail : NULL, &call);
	return 0;
}

/* on_print(fn?): fn(text) gets what scripts print, instead of the log: for tests */
static int l_on_print(lua_State *L)
{
	luaL_argexpected(L, lua_isnoneornil(L, 1) || lua_isfunction(L, 1), 1, "function or nil");
	lua_settop(L, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, PA_NATIVE_PRINTED);
	return 0;
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
	static const luaL_Reg functions[] = {{"write", l_write}, {"refused", l_refused}, {"call_begins", l_call_begins},
		{"called", l_called}, {"on_print", l_on_print}, {"mask", l_mask}, {"masked", l_masked},
		{"request_id", l_request_id}, {"metrics", l_metrics}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
