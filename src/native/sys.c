/* require "native.sys": clocks, settings and environment. */
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bell.h"
#include "base/clock.h"
#include "client/http.h"

static int l_now(lua_State *L)
{
	const struct pa_native_context *context = pa_native_context_of(L);
	int64_t moved = context->services ? atomic_load_explicit(&context->services->clock_ms, memory_order_relaxed) : 0;

	lua_pushnumber(L, (lua_Number)pa_clock_wall_ns() / 1e9 + (lua_Number)moved / 1e3);
	return 1;
}

static int l_monotonic(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)pa_clock_ns() / 1e9);
	return 1;
}

static int l_advance(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, isfinite(seconds) && fabs(seconds) < 1e10, 1, "must be less than 10000000000");
	atomic_fetch_add(&pa_native_services(L)->clock_ms, (int64_t)(seconds * 1000));
	pa_bell_ring(pa_native_services(L)->bell);
	return 0;
}

static int l_reset_clock(lua_State *L)
{
	atomic_store(&pa_native_services(L)->clock_ms, 0);
	pa_bell_ring(pa_native_services(L)->bell);
	return 0;
}

static int l_sleep(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, seconds >= 0 && seconds <= 1, 1, "must be from 0 to 1");
	const struct timespec time = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
	pa_native_wait_begin(L);
	nanosleep(&time, NULL);
	pa_native_wait_end(L);
	lua_pushboolean(L, !pa_http_is_cancelled(pa_native_services(L)->http));
	return 1;
}

static int l_collect(lua_State *L)
{
	lua_gc(L, LUA_GCCOLLECT, 0);
	return 0;
}

static int l_settings(lua_State *L)
{
	const struct pa_services *services = pa_native_services(L);

	lua_createtable(L, 0, (int)services->setting_count);
	for (size_t i = 0; i < services->setting_count; i++) {
		lua_pushstring(L, services->settings[i].value);
		lua_setfield(L, -2, services->settings[i].name);
	}
	return 1;
}

static int l_env(lua_State *L)
{
	lua_pushstring(L, getenv(pa_native_check_text(L, 1)));
	return 1;
}

static int l_server(lua_State *L)
{
	lua_pushstring(L, pa_native_services(L)->name);
	return 1;
}

static int l_timestamp(lua_State *L)
{
	lua_Number seconds = luaL_checknumber(L, 1);
	struct tm calendar;
	char text[64];

	luaL_argcheck(L, seconds >= 0 && seconds < 253402300800.0, 1, "must be from 1970 to the year 9999");
	int64_t ms = (int64_t)floor(seconds * 1000 + 0.5);
	time_t whole = (time_t)(ms / 1000);
	gmtime_r(&whole, &calendar);
	size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &calendar);
	snprintf(text + length, sizeof text - length, ".%03dZ", (int)(ms % 1000));
	lua_pushstring(L, text);
	return 1;
}

int pa_native_open_sys(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"now", l_now},
		{"monotonic", l_monotonic},
		{"collect", l_collect},
		{"advance", l_advance},
		{"reset_clock", l_reset_clock},
		{"sleep", l_sleep},
		{"settings", l_settings},
		{"env", l_env},
		{"server", l_server},
		{"timestamp", l_timestamp},
		{NULL, NULL},
	};

	luaL_newlib(L, functions);
	lua_pushliteral(L, PARTNERAPP_VERSION);
	lua_setfield(L, -2, "version");
	return 1;
}
