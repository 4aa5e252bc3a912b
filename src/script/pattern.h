/* Lua patterns that could run for hours are refused before they run: nothing can interrupt a match (SBX-07). */
#ifndef PA_PATTERN_H
#define PA_PATTERN_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* How many steps matching the pattern against a subject of that length may take in the worst case. */
double pa_pattern_cost(const char *pattern, size_t pattern_length, size_t subject_length);

/* Whether that is more than some seconds would do. */
bool pa_pattern_is_costly(const char *pattern, size_t pattern_length, size_t subject_length);

/* Wraps find, match, gmatch and gsub of the string library on top of the stack: a call that is dear raises
 * instead. May raise (memory). */
void pa_pattern_guard(lua_State *L);

#endif
