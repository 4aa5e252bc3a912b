/* clock_gettime, converted. */
#include "base/clock.h"

static int64_t read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t pa_clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t pa_clock_ms(void)
{
	return pa_clock_ns() / 1000000;
}

int64_t pa_clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

int64_t pa_clock_cpu_ms(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID) / 1000000;
}

static struct timespec from_ns(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

struct timespec pa_clock_in(int64_t ms)
{
	return from_ns(pa_clock_ns() + ms * 1000000);
}

struct timespec pa_clock_at(int64_t ms)
{
	return from_ns(ms * 1000000);
}

void pa_clock_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
}
