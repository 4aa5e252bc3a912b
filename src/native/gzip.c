/* require "native.gzip": unpacks what was packed with gzip, such as the body of a request. */
#include <stdbool.h>

#include "base/buffer.h"
#include "client/unpack.h"
#include "native/modules.h"
#include "native/native.h"

enum {
	MOST = 8 << 20,    /* bytes that may come out: a quarter of a VM's memory */
	AT_ONCE = 16 << 10 /* the most that client/unpack takes */
};

struct unpacking {
	struct pa_unpack unpack;
	struct pa_buffer out;
	bool is_without_memory;
};

static void close_unpacking(void *held)
{
	struct unpacking *unpacking = held;

	pa_unpack_reset(&unpacking->unpack, 0);
	pa_buffer_free(&unpacking->out);
}

static int keep(void *context, const char *bytes, size_t length)
{
	struct unpacking *unpacking = context;

	unpacking->is_without_memory = pa_buffer_add(&unpacking->out, bytes, length) < 0;
	return unpacking->is_without_memory ? -1 : 0;
}

static int unpack(struct unpacking *unpacking, struct pa_span packed)
{
	int result = pa_unpack_add(&unpacking->unpack, (struct pa_span){"gzip", 4});

	unpacking->is_without_memory = result < 0; /* it knows this word */
	for (size_t at = 0; result == 0 && at < packed.length; at += AT_ONCE) {
		size_t left = packed.length - at;
		result = pa_unpack_bytes(&unpacking->unpack, packed.at + at, left < AT_ONCE ? left : AT_ONCE, keep, unpacking);
	}
	return result;
}

static int l_decode(lua_State *L)
{
	struct pa_span packed = pa_native_check_span(L, 1);
	lua_Integer most = luaL_checkinteger(L, 2);

	luaL_argcheck(L, most >= 1 && most <= MOST, 2, "must be 1 to 8388608 bytes");
	struct unpacking *unpacking = pa_native_box(L, sizeof *unpacking, close_unpacking);
	pa_unpack_reset(&unpacking->unpack, (size_t)most);
	int result = unpack(unpacking, packed);
	if (unpacking->is_without_memory)
		pa_native_no_memory(L);
	if (result == PA_UNPACK_TOO_LARGE)
		return pa_native_fail(L, "too_large", "more than %d bytes come out of the gzip data", (int)most);
	if (result < 0 || packed.length == 0 || !pa_unpack_is_whole(&unpacking->unpack))
		return pa_native_fail(L, "bad_gzip", "the data is not whole gzip data");
	lua_pushlstring(L, unpacking->out.length > 0 ? unpacking->out.at : "", unpacking->out.length);
	return 1;
}

int pa_native_open_gzip(lua_State *L)
{
	static const luaL_Reg functions[] = {{"decode", l_decode}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
