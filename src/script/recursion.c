/* Looks for functions that call each other in the innermost frames of a stack. */
#include "script/recursion.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INNER = 40,    /* frames of Lua that are skipped: the innermost may be of a function that the recursion only uses */
	ROUND = 64,    /* frames of Lua in which the function that is found there has to be called again */
	KEPT_MAX = 16, /* functions of a round that are told apart */
	NAMED_MAX = 4  /* functions that the message names */
};

#define OVERFLOW "stack overflow"

struct frame {
	const char *source;
	int line;    /* where the function is defined */
	int current; /* its line that calls */
	char text[160], place[LUA_IDSIZE];
};

struct round {
	struct frame frames[KEPT_MAX];
	int count;
};

bool pa_recursion_is(const char *message)
{
	size_t length = strlen(message), end = strlen(OVERFLOW);

	return length >= end && strcmp(message + length - end, OVERFLOW) == 0;
}

static bool is_of_library(const lua_Debug *info)
{
	return strncmp(info->source, "@partnerapp/", strlen("@partnerapp/")) == 0;
}

static bool is_same(const struct frame *frame, const lua_Debug *info)
{
	return frame->line == info->linedefined && strcmp(frame->source, info->source) == 0;
}

static void name(struct frame *frame, const lua_Debug *info)
{
	*frame = (struct frame){.source = info->source, .line = info->linedefined, .current = info->currentline};
	snprintf(frame->place, sizeof frame->place, "%s", info->short_src);
	if (info->linedefined == 0)
		snprintf(frame->text, sizeof frame->text, "%s", info->short_src);
	else if (!info->name || strcmp(info->name, "?") == 0)
		snprintf(frame->text, sizeof frame->text, "the function at %s:%d", info->short_src, info->linedefined);
	else
		snprintf(frame->text, sizeof frame->text, "%s'%.60s' (%s:%d)",
			strcmp(info->namewhat, "metamethod") == 0 ? "metamethod " : "", info->name, info->short_src,
			info->linedefined);
}

static void add(struct round *round, const lua_Debug *info)
{
	for (int i = 0; i < round->count; i++)
		if (is_same(&round->frames[i], info))
			return;
	if (round->count < KEPT_MAX)
		name(&round->frames[round->count++], info);
}

/* Collects the functions of one round, of the library too or not. False when there is no round, or none of theirs. */
static bool find(lua_State *L, struct round *round, bool library)
{
	struct frame first = {0};
	lua_Debug info;
	int seen = 0;

	*round = (struct round){0};
	for (int level = 0; seen < INNER + ROUND && lua_getstack(L, level, &info); level++) {
		lua_getinfo(L, "Sln", &info);
		if (info.currentline <= 0 || ++seen <= INNER)
			continue;
		if (seen == INNER + 1)
			first = (struct frame){.source = info.source, .line = info.linedefined};
		else if (is_same(&first, &info))
			return round->count > 0;
		if (library || !is_of_library(&info))
			add(round, &info);
	}
	return false;
}

/* In the order of the source: where in the round the stack was full is by chance. */
static int compare(const void *a, const void *b)
{
	const struct frame *one = a, *other = b;
	int order = strcmp(one->source, other->source);

	return order != 0 ? order : one->line - other->line;
}

/* Pushes "init.lua:6: stack overflow: 'walk' (init.lua:5) calls itself …". False, with nothing pushed, when the stack
 * has no recursion. */
static bool push_explanation(lua_State *L)
{
	char names[NAMED_MAX * (sizeof((struct frame *)0)->text + 8)] = "";
	struct round round;
	size_t used = 0;

	if (!find(L, &round, false) && !find(L, &round, true))
		return false;
	qsort(round.frames, (size_t)round.count, sizeof *round.frames, compare);
	int named = round.count < NAMED_MAX ? round.count : NAMED_MAX;
	for (int i = 0; i < named; i++) {
		const char *between = i == 0 ? "" : i == round.count - 1 ? " and " : ", ";
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", between, round.frames[i].text);
	}
	if (round.count > named)
		snprintf(names + used, sizeof names - used, " …");
	lua_pushfstring(L, "%s:%d: " OVERFLOW ": %s %s without end, or too deep", round.frames[0].place,
		round.frames[0].current, names, round.count == 1 ? "calls itself" : "call each other");
	return true;
}

void pa_recursion_explain(lua_State *L)
{
	const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;

	if (message && pa_recursion_is(message) && push_explanation(L))
		lua_replace(L, -2);
}

static void look(lua_State *L, lua_Debug *info)
{
	lua_sethook(L, NULL, 0, 0);
	if (lua_getstack(L, PA_RECURSION_DEPTH, info)) {
		if (!push_explanation(L))
			luaL_error(L, OVERFLOW);
		lua_error(L);
	}
}

void pa_recursion_watch(lua_State *L)
{
	if (!lua_gethook(L)) /* else the call's time is over, which ends it at once */
		lua_sethook(L, look, LUA_MASKCOUNT, 1);
}
