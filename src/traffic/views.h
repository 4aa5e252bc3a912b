/*
 * The forms in which one text may hold another: percent-encoded, as in a form, in JSON or HTML escapes, in UTF-16, and
 * two of these inside of each other. Pure: any thread, never raises.
 */
#ifndef PA_VIEWS_H
#define PA_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* A text decoded: byte i of it comes from byte map[i] of the source; map[text.length] is after the last one's. Of the
 * source itself, map is NULL. */
struct pa_view {
	struct pa_span text;
	const uint32_t *map;
};

/* Calls `look` for the source, and for each decoded form that differs from it. The source has at most 2^32 - 1 bytes.
 * False without memory: not all were looked at. */
typedef void pa_views_look(void *context, const struct pa_view *view);
bool pa_views_walk(struct pa_span source, pa_views_look *look, void *context);

/* The place in the source of place `at` in the view. */
static inline size_t pa_views_place(const struct pa_view *view, size_t at)
{
	return view->map ? view->map[at] : at;
}

#endif
