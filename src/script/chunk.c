#include "script/chunk.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "script/tail_calls.h"

/* The bytes of a dump: counted first, then copied. */
struct dump {
	size_t length;
	struct pa_compiled *into; /* or NULL */
};

static int write_bytes(lua_State *L, const void *bytes, size_t length, void *context)
{
	struct dump *dump = context;

	(void)L;
	if (dump->into)
		memcpy(dump->into->bytes + dump->length, bytes, length);
	dump->length += length;
	return 0;
}

/* Keeps the function on top of the stack for other VMs. Without memory they compile it again. */
static void keep(lua_State *L, const struct pa_script *script)
{
	struct dump dump = {0};

	lua_dump(L, write_bytes, &dump, 0);
	dump.into = malloc(sizeof *dump.into + dump.length);
	if (!dump.into)
		return;
	dump.into->length = dump.length;
	dump.length = 0;
	lua_dump(L, write_bytes, &dump, 0);
	pa_snapshot_keep(script, dump.into);
}

static bool compile(lua_State *L, struct pa_span text, const char *name)
{
	if (pa_encoding_is_utf16(text)) {
		lua_pushfstring(L, "%s:1: " PA_ENCODING_UTF16, *name == '@' ? name + 1 : name);
		return false;
	}
	return luaL_loadbufferx(L, text.at, text.length, name, "t") == LUA_OK;
}

bool pa_chunk_load(lua_State *L, const struct pa_script *script, const char *name, bool keep_frames)
{
	const struct pa_compiled *compiled = atomic_load(&script->compiled);

	if (compiled) {
		if (luaL_loadbufferx(L, compiled->bytes, compiled->length, name, "b") != LUA_OK)
			lua_error(L); /* memory */
		return true;
	}
	if (!compile(L, script->bytes, name))
		return false;
	if (keep_frames)
		pa_tail_calls_keep(L, name);
	keep(L, script);
	return true;
}
