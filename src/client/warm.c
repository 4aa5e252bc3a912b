/* A few origins, each with a time. */
#include "client/warm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/url.h"

enum { PLACES = 8, EVERY_MS = 60000 };

struct place {
	char origin[PA_URL_ORIGIN_SIZE]; /* "": free */
	int64_t taken_ms;
};

struct pa_warm {
	pthread_mutex_t mutex;
	struct place places[PLACES];
};

struct pa_warm *pa_warm_new(void)
{
	struct pa_warm *warm = calloc(1, sizeof *warm);

	if (warm)
		pthread_mutex_init(&warm->mutex, NULL);
	return warm;
}

void pa_warm_free(struct pa_warm *warm)
{
	if (!warm)
		return;
	pthread_mutex_destroy(&warm->mutex);
	free(warm);
}

/* The place of an origin, or the one that it may take: a free one, or the oldest. */
static struct place *place_of(struct pa_warm *warm, const char *origin)
{
	struct place *oldest = &warm->places[0];

	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &warm->places[i];
		if (strcmp(place->origin, origin) == 0)
			return place;
		if (oldest->origin[0] && (!place->origin[0] || place->taken_ms < oldest->taken_ms))
			oldest = place;
	}
	return oldest;
}

bool pa_warm_take(struct pa_warm *warm, const char *origin, int64_t now_ms)
{
	if (strlen(origin) >= PA_URL_ORIGIN_SIZE)
		return false;
	pthread_mutex_lock(&warm->mutex);
	struct place *place = place_of(warm, origin);
	bool is_known = strcmp(place->origin, origin) == 0;
	bool is_due = !is_known || now_ms - place->taken_ms >= EVERY_MS;
	if (is_due) {
		strcpy(place->origin, origin);
		place->taken_ms = now_ms;
	}
	pthread_mutex_unlock(&warm->mutex);
	return is_due;
}
