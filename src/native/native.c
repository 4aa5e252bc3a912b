/* Functions that several native modules use. */
#include "native/native.h"

#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "native/services.h"

void pa_native_attach(lua_State *L, struct pa_native_context *context)
{
	*(struct pa_native_context **)lua_getextraspace(L) = context;
}

struct pa_native_context *pa_native_context_of(lua_State *L)
{
	return *(struct pa_native_context **)lua_getextraspace(L);
}

int pa_native_fail(lua_State *L, const char *code, const char *format, ...)
{
	va_list arguments;
	char message[1000];

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	lua_pushnil(L);
	lua_pushstring(L, message);
	lua_pushstring(L, code);
	return 3;
}

int pa_native_fail_with(lua_State *L, const struct pa_error *error)
{
	lua_pushnil(L);
	lua_pushstring(L, error->text);
	lua_pushstring(L, error->code);
	return 3;
}

_Noreturn void pa_native_no_memory(lua_State *L)
{
	pa_native_context_of(L)->refused = true;
	luaL_error(L, "not enough memory");
	abort(); /* luaL_error never returns, which Lua's headers do not say */
}

const char *pa_native_check_text(lua_State *L, int index)
{
	size_t length;
	const char *text = luaL_checklstring(L, index, &length);

	luaL_argcheck(L, strlen(text) == length, index, "has a NUL byte");
	return text;
}

struct pa_span pa_native_check_span(lua_State *L, int index)
{
	struct pa_span span;

	span.at = luaL_checklstring(L, index, &span.length);
	return span;
}

#define BOX "native.box"

struct box {
	void (*close)(void *held); /* NULL once it was called */
	void *held[];              /* pointers, for the alignment */
};

static int l_box_close(lua_State *L)
{
	struct box *box = lua_touserdata(L, 1);
	void (*close)(void *) = box->close;

	box->close = NULL;
	if (close)
		close(box->held);
	return 0;
}

static int l_prepare(lua_State *L)
{
	static const luaL_Reg functions[] = {{"__close", l_box_close}, {"__gc", l_box_close}, {NULL, NULL}};
	luaL_Buffer large;

	luaL_buffinitsize(L, &large, sizeof large + 1);
	luaL_newmetatable(L, BOX);
	luaL_setfuncs(L, functions, 0);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	return 0;
}

void pa_native_prepare(lua_State *L)
{
	lua_pushcfunction(L, l_prepare);
	lua_call(L, 0, 0);
}

static int l_nothing(lua_State *L)
{
	(void)L;
	return 0;
}

/* Makes Lua allocate what it needs to call l_box_close: stack, and the record of a call one level below this one. When
 * memory has run out by then, Lua would forget the box instead. */
static void reserve_call(lua_State *L)
{
	luaL_checkstack(L, 2 * LUA_MINSTACK, "too many values");
	lua_pushcfunction(L, l_nothing);
	lua_call(L, 0, 0);
}

void *pa_native_box(lua_State *L, size_t size, void (*close)(void *held))
{
	struct box *box = lua_newuserdatauv(L, sizeof *box + size, 0);

	box->close = close;
	memset(box->held, 0, size);
	luaL_setmetatable(L, BOX);
	reserve_call(L);
	lua_toclose(L, -1);
	return box->held;
}

struct pa_services *pa_native_services(lua_State *L)
{
	struct pa_services *services = pa_native_context_of(L)->services;

	if (services)
		return services;
	luaL_error(L, "this script runs without a server's services");
	abort(); /* luaL_error never returns, which Lua's headers do not say */
}

const char *pa_native_request_id(lua_State *L)
{
	const struct pa_native_context *context = pa_native_context_of(L);

	return context->request ? context->request->id : NULL;
}

enum { LOG_LINES_PER_SECOND = 200 };

bool pa_native_may_log(lua_State *L)
{
	struct pa_native_context *context = pa_native_context_of(L);
	int64_t second = pa_clock_ms() / 1000;

	if (second != context->log_second) {
		context->log_second = second;
		context->log_lines = 0;
	}
	return context->log_lines++ < LOG_LINES_PER_SECOND;
}

void pa_native_wait_begin(lua_State *L)
{
	atomic_fetch_add_explicit(&pa_native_context_of(L)->call->waits, 1, memory_order_relaxed);
}

void pa_native_wait_end(lua_State *L)
{
	struct pa_native_call *call = pa_native_context_of(L)->call;

	/* The watchdog did not interrupt the wait, and a loop that waits most of the time has to end too. */
	if (atomic_fetch_sub_explicit(&call->waits, 1, memory_order_relaxed) == 1 &&
		atomic_load_explicit(&call->late, memory_order_relaxed))
		raise(SIGURG);
}

long pa_native_time_left(lua_State *L)
{
	int64_t late_ms = pa_native_context_of(L)->late_ms;
	int64_t left = late_ms - pa_clock_ms();

	if (late_ms == 0)
		return LONG_MAX;
	return left > 0 ? (long)left : 0;
}
