/* A flag, and a condition to wait for it. */
#include "bell.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct pa_bell {
	pthread_mutex_t mutex;
	pthread_cond_t rung;
	bool rings;
};

struct pa_bell *pa_bell_open(void)
{
	struct pa_bell *bell = calloc(1, sizeof *bell);
	pthread_condattr_t monotonic;

	if (!bell)
		return NULL;
	pthread_mutex_init(&bell->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&bell->rung, &monotonic);
	pthread_condattr_destroy(&monotonic);
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
	struct timespec until;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&bell->mutex);
	while (!bell->rings && result == 0)
		result = ms < 0 ? pthread_cond_wait(&bell->rung, &bell->mutex)
						: pthread_cond_timedwait(&bell->rung, &bell->mutex, &until);
	bell->rings = false;
	pthread_mutex_unlock(&bell->mutex);
}
