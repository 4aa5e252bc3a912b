/*
 * Tells which Lua patterns may run for hours, before they run, for a match cannot be interrupted (SBX-07). Pure.
 */
#ifndef PA_PATTERN_H
#define PA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* How many steps a match against a subject of that length may take in the worst case. `anchors`: a '^' at its begin
 * holds the pattern there; for gmatch it is a byte like others. */
double pa_pattern_cost(const char *pattern, size_t pattern_length, size_t subject_length, bool anchors);

/* Whether that is more than 2^32 steps: some seconds. */
bool pa_pattern_is_costly(const char *pattern, size_t pattern_length, size_t subject_length, bool anchors);

#endif
