/* A list with a lock. */
#include "base/hung.h"

#include <pthread.h>

static struct {
	pthread_mutex_t mutex;
	const void *keys[PA_HUNG_MAX];
	struct pa_hung_place places[PA_HUNG_MAX];
	size_t count;
} hung = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void pa_hung_begin(const void *key, const struct pa_hung_place *place)
{
	pthread_mutex_lock(&hung.mutex);
	if (hung.count < PA_HUNG_MAX) {
		hung.keys[hung.count] = key;
		hung.places[hung.count++] = *place;
	}
	pthread_mutex_unlock(&hung.mutex);
}

void pa_hung_end(const void *key)
{
	pthread_mutex_lock(&hung.mutex);
	for (size_t i = 0; i < hung.count; i++)
		if (hung.keys[i] == key) {
			hung.keys[i] = hung.keys[--hung.count];
			hung.places[i] = hung.places[hung.count];
			break;
		}
	pthread_mutex_unlock(&hung.mutex);
}

size_t pa_hung_list(struct pa_hung_place *places)
{
	pthread_mutex_lock(&hung.mutex);
	size_t count = hung.count;
	for (size_t i = 0; i < count; i++)
		places[i] = hung.places[i];
	pthread_mutex_unlock(&hung.mutex);
	return count;
}
