/*
 * SBX-07: what a pattern costs is estimated well: a match takes at most STEPS_EACH times the estimate in steps, also
 * gmatch and gsub; and the steps are those of Lua, for the same matches come out. The input: a byte each for the length
 * of the subject and the call, then the pattern, a NUL byte, and what the subject is made of.
 */
#include "script/pattern.h"

#include <lauxlib.h>
#include <lualib.h>

#include "fuzz/check.h"
#include "fuzz/matcher.h"

enum { SUBJECT_MAX = 600, PATTERN_MAX = 64, STEPS_EACH = 160, STEPS_SPARED = 2000 };
/* The estimate counts a short pattern as one step, and a frontier looks through its set twice: 2 * PATTERN_MAX. */
enum { STEPS_TRIED = 2000000, STEPS_GLANCED = 20000 }; /* the most, and what a match with a higher estimate gets */

static lua_State *L;

static void close_state(void)
{
	lua_close(L);
}

static void set_up(void)
{
	L = luaL_newstate();
	CHECK(L, "no memory");
	luaL_requiref(L, "string", luaopen_string, 1);
	atexit(close_state);
}

/* The place of the first match, as Lua's own string.find gives it. */
static void check_find(const struct matcher *matcher)
{
	lua_settop(L, 0);
	lua_getglobal(L, "string");
	lua_getfield(L, -1, "find");
	lua_pushlstring(L, matcher->subject.at, matcher->subject.length);
	lua_pushlstring(L, matcher->pattern.at, matcher->pattern.length);
	int status = lua_pcall(L, 2, LUA_MULTRET, 0);
	CHECK((status != LUA_OK) == (matcher->outcome == MATCHER_RAISED), "Lua raises otherwise: %s",
		status == LUA_OK ? "it does not" : lua_tostring(L, -1));
	if (status != LUA_OK)
		return;
	CHECK(lua_isnil(L, 2) == (matcher->matches == 0), "Lua finds otherwise");
	if (matcher->matches > 0)
		CHECK((size_t)lua_tointeger(L, 2) == matcher->start + 1 && (size_t)lua_tointeger(L, 3) == matcher->end,
			"Lua finds it from %lld to %lld, not from %zu to %zu", lua_tointeger(L, 2), lua_tointeger(L, 3),
			matcher->start + 1, matcher->end);
}

static void check_cost(struct matcher *matcher, enum matcher_call call)
{
	double cost =
		pa_pattern_cost(matcher->pattern.at, matcher->pattern.length, matcher->subject.length, call != MATCHER_GMATCH);
	double steps_max = cost * STEPS_EACH + STEPS_SPARED;

	matcher->steps_max = steps_max <= STEPS_TRIED ? steps_max : STEPS_GLANCED;
	matcher_run(matcher, call);
	CHECK(matcher->outcome != MATCHER_GAVE_UP || steps_max > STEPS_TRIED,
		"more than %.0f steps for a cost of %.0f: call %d, pattern %s, %zu bytes of %.40s", matcher->steps, cost,
		(int)call, matcher->pattern.at, matcher->subject.length, matcher->subject.at);
	bool is_text = !strpbrk(matcher->pattern.at, "^$*+?.([%-"); /* for string.find, ')' is no pattern */
	if (call == MATCHER_FIND && !is_text && matcher->outcome != MATCHER_GAVE_UP)
		check_find(matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char subject[SUBJECT_MAX + 1], pattern[PATTERN_MAX + 1];
	struct pa_span rest = {(const char *)data + 2, size - 2}, given;

	if (!L)
		set_up();
	if (size < 3)
		return 0;
	cut(&rest, '\0', &given);
	if (given.length > PATTERN_MAX)
		return 0;
	memcpy(pattern, given.at, given.length);
	pattern[given.length] = '\0';
	size_t length = (size_t)data[0] * SUBJECT_MAX / 255;
	if (rest.length == 0)
		rest = (struct pa_span){"a", 1};
	for (size_t i = 0; i < length; i++) /* the last bytes of the input come once, at the end */
		subject[i] = i + rest.length < length ? rest.at[i % (rest.length > 1 ? rest.length - 1 : 1)]
											  : rest.at[rest.length - (length - i)];
	subject[length] = '\0';
	struct matcher matcher = {.subject = {subject, length}, .pattern = {pattern, given.length}};
	check_cost(&matcher, (enum matcher_call)(data[1] % 3));
	return 0;
}
