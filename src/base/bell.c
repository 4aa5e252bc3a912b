/* A flag, and a condition to wait for it. */
#include "base/bell.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

struct pa_bell {
	pthread_mutex_t mutex;
	pthread_cond_t rung;
	bool rings;
};

struct pa_bell *pa_bell_open(void)
{
	struct pa_bell *bell = calloc(1, sizeof *bell);

	if (!bell)
		return NULL;
	pthread_mutex_init(&bell->mutex, NULL);
	pa_clock_condition(&bell->rung);
	return bell;
}

void pa_bell_close(struct pa_bell *bell)
{
	if (!bell)
		return;
	pthread_cond_destroy(&bell->rung);
	pthread_mutex_destroy(&bell->mutex);
	free(bell);
}

void pa_bell_ring(struct pa_bell *bell)
{
	pthread_mutex_lock(&bell->mutex);
	bell->rings = true;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->mutex);
}

void pa_bell_wait(struct pa_bell *bell, long ms)
{
	struct timespec until = pa_clock_in(ms);
	int result = 0;

	pthread_mutex_lock(&bell->mutex);
	while (!bell->rings && result == 0)
		result = ms < 0 ? pthread_cond_wait(&bell->rung, &bell->mutex)
						: pthread_cond_timedwait(&bell->rung, &bell->mutex, &until);
	bell->rings = false;
	pthread_mutex_unlock(&bell->mutex);
}
