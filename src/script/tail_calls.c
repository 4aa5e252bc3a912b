/* Changes instructions in the binary form of a function (lua_dump), as Lua 5.4's ldump.c writes it. */
#include "script/tail_calls.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An instruction: opcode (7 bits), A (8), k (1), B (8), C (8); of lopcodes.h. C = 0 is "all results" of a call, and
 * B = 0 "all values" of a return. */
enum { OP_CALL = 68, OP_TAILCALL = 69, OP_RETURN = 70 };
enum { OPCODE = 0x7f, OPCODE_AND_A = 0x7fff, A_AND_B = 0xff7f80 };

/* Tags of constants, of lobject.h. */
enum { TAG_NIL = 0, TAG_FALSE = 1, TAG_TRUE = 17, TAG_INTEGER = 3, TAG_FLOAT = 19, TAG_SHORT = 4, TAG_LONG = 20 };

struct dump {
	unsigned char *at, *end;
	size_t changed; /* instructions */
	bool bad;       /* not the known format */
};

static unsigned char *take(struct dump *dump, size_t count)
{
	unsigned char *taken = dump->at;

	if (dump->bad || count > (size_t)(dump->end - dump->at)) {
		dump->bad = true;
		return NULL;
	}
	dump->at += count;
	return taken;
}

/* Groups of 7 bits, the highest first; the last one has bit 7. */
static size_t take_size(struct dump *dump)
{
	size_t size = 0;

	for (const unsigned char *byte; size <= SIZE_MAX >> 8 && (byte = take(dump, 1)) != NULL;) {
		size = size << 7 | (*byte & 0x7f);
		if (*byte & 0x80)
			return size;
	}
	dump->bad = true;
	return 0;
}

/* Its length and 1; 0 for none. */
static void skip_string(struct dump *dump)
{
	size_t size = take_size(dump);

	if (size > 1)
		take(dump, size - 1);
}

static void skip_vector(struct dump *dump, size_t element)
{
	size_t count = take_size(dump);

	if (count > SIZE_MAX / element)
		dump->bad = true;
	take(dump, count * element);
}

static void change_code(struct dump *dump)
{
	size_t count = take_size(dump);
	uint32_t code, next;
	unsigned char *at = count <= SIZE_MAX / sizeof code ? take(dump, count * sizeof code) : NULL;

	if (!at)
		dump->bad = true;
	for (size_t i = 0; !dump->bad && i + 1 < count; i++, at += sizeof code) {
		memcpy(&code, at, sizeof code);
		memcpy(&next, at + sizeof code, sizeof next);
		if ((code & OPCODE) != OP_TAILCALL)
			continue;
		if ((next & OPCODE_AND_A) != ((code & OPCODE_AND_A) - OP_TAILCALL + OP_RETURN) || (next >> 16 & 0xff) != 0)
			dump->bad = true;
		code = (code & A_AND_B) | OP_CALL;
		memcpy(at, &code, sizeof code);
		dump->changed++;
	}
}

static void skip_constants(struct dump *dump)
{
	size_t count = take_size(dump);

	for (size_t i = 0; !dump->bad && i < count; i++) {
		const unsigned char *tag = take(dump, 1);
		switch (tag ? *tag : TAG_NIL) {
		case TAG_NIL:
		case TAG_FALSE:
		case TAG_TRUE:
			break;
		case TAG_INTEGER:
			take(dump, sizeof(lua_Integer));
			break;
		case TAG_FLOAT:
			take(dump, sizeof(lua_Number));
			break;
		case TAG_SHORT:
		case TAG_LONG:
			skip_string(dump);
			break;
		default:
			dump->bad = true;
		}
	}
}

static void skip_debug(struct dump *dump)
{
	skip_vector(dump, 1);                                                 /* differences of lines */
	for (size_t left = take_size(dump); !dump->bad && left > 0; left--) { /* lines */
		take_size(dump);
		take_size(dump);
	}
	for (size_t left = take_size(dump); !dump->bad && left > 0; left--) { /* variables */
		skip_string(dump);
		take_size(dump);
		take_size(dump);
	}
	for (size_t left = take_size(dump); !dump->bad && left > 0; left--) /* names of upvalues */
		skip_string(dump);
}

/* Nested as the source is: Lua's parser allows 200 levels. */
static void change_function(struct dump *dump)
{
	skip_string(dump); /* source */
	take_size(dump);   /* first line */
	take_size(dump);   /* last line */
	take(dump, 3);     /* parameters, varargs, stack */
	change_code(dump);
	skip_constants(dump);
	skip_vector(dump, 3); /* upvalues */
	for (size_t left = take_size(dump); !dump->bad && left > 0; left--)
		change_function(dump);
	skip_debug(dump);
}

/* The header of this Lua's own dumps: signature, version, format, LUAC_DATA, sizes of instruction and numbers. */
static void check_header(struct dump *dump)
{
	static const unsigned char begin[] = "\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08";
	const unsigned char *at = take(dump, sizeof begin - 1);

	if (!at || memcmp(at, begin, sizeof begin - 1) != 0)
		dump->bad = true;
	take(dump, sizeof(lua_Integer) + sizeof(lua_Number) + 1); /* an integer, a float, the count of upvalues */
}

static int count_bytes(lua_State *L, const void *bytes, size_t length, void *context)
{
	(void)L;
	(void)bytes;
	*(size_t *)context += length;
	return 0;
}

static int copy_bytes(lua_State *L, const void *bytes, size_t length, void *context)
{
	struct dump *dump = context;

	(void)L;
	unsigned char *to = take(dump, length);
	if (to && length > 0)
		memcpy(to, bytes, length);
	return dump->bad;
}

void pa_tail_calls_keep(lua_State *L, const char *name)
{
	size_t length = 0;

	if (lua_dump(L, count_bytes, &length, 0) != 0)
		return;
	unsigned char *bytes = lua_newuserdatauv(L, length, 0);
	struct dump dump = {.at = bytes, .end = bytes + length};
	lua_insert(L, -2);
	lua_dump(L, copy_bytes, &dump, 0);
	dump.at = bytes;
	check_header(&dump);
	change_function(&dump);
	if (dump.bad || dump.at != dump.end || dump.changed == 0) {
		lua_remove(L, -2);
		return;
	}
	lua_pop(L, 1);
	if (luaL_loadbufferx(L, (const char *)bytes, length, name, "b") != LUA_OK)
		lua_error(L);
	lua_remove(L, -2);
}
