/* The worst case of a Lua pattern, from its form alone. */
#include "pattern.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>

static const double COST_MAX = 4294967296.0; /* 2^32 steps: some seconds */

/* The end of the single-character class that begins at `at`. */
static const char *skip_class(const char *at, const char *end)
{
	if (*at == '%')
		return at + 2 < end ? at + 2 : end;
	if (*at != '[')
		return at + 1;
	at++;
	if (at < end && *at == '^')
		at++;
	do { /* a ']' right behind the bracket is a literal one */
		if (at == end)
			return end;
		if (*at++ == '%' && at < end)
			at++;
	} while (at < end && *at != ']');
	return at < end ? at + 1 : end;
}

/* Nothing but the end of captures is left to match, so a repetition here never has to give back. */
static bool only_closes(const char *at, const char *end)
{
	while (at < end && *at == ')')
		at++;
	return at == end;
}

double pa_pattern_cost(const char *pattern, size_t pattern_length, size_t subject_length)
{
	const char *end = pattern + pattern_length;
	bool anchored = pattern_length > 0 && *pattern == '^';
	int repeats = 0, options = 0;

	for (const char *at = pattern + anchored; at < end;) {
		if (*at == '(' || *at == ')') {
			at++;
			continue;
		}
		if (*at == '%' && at + 1 < end && at[1] == 'b') { /* %bxy walks to its other half from every start */
			repeats++;
			at = at + 4 < end ? at + 4 : end;
			continue;
		}
		at = skip_class(at, end);
		if (at == end)
			break;
		if (*at == '*' || *at == '+' || *at == '-')
			repeats += !only_closes(++at, end);
		else if (*at == '?')
			options += !only_closes(++at, end);
	}
	if (repeats > 0 && !anchored)
		repeats++;
	return pow((double)subject_length + 1, repeats) * pow(2, options);
}

static int l_guarded(lua_State *L)
{
	size_t subject_length, pattern_length;

	luaL_checklstring(L, 1, &subject_length);
	const char *pattern = luaL_checklstring(L, 2, &pattern_length);
	bool plain = lua_toboolean(L, lua_upvalueindex(2)) && lua_toboolean(L, 4);
	if (!plain && pa_pattern_cost(pattern, pattern_length, subject_length) > COST_MAX)
		return luaL_error(L,
			"pattern '%s' may take too long on %d bytes: anchor it with ^, use fewer repetitions, or match a shorter "
			"text",
			pattern, (int)subject_length);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

void pa_pattern_guard(lua_State *L)
{
	static const char *const names[] = {"find", "match", "gmatch", "gsub"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		lua_getfield(L, -1, names[i]);
		lua_pushboolean(L, i == 0);
		lua_pushcclosure(L, l_guarded, 2);
		lua_setfield(L, -2, names[i]);
	}
}
