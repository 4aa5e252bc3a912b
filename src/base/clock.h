/*
 * Time. Deadlines and durations use CLOCK_MONOTONIC, which is never set; the wall clock is for what people read and
 * other processes store. Any thread.
 */
#ifndef PA_CLOCK_H
#define PA_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Monotonic milliseconds, nanoseconds. */
int64_t pa_clock_ms(void);
int64_t pa_clock_ns(void);

/* Nanoseconds since 1970. */
int64_t pa_clock_wall_ns(void);

/* Milliseconds of CPU that this thread has used. */
int64_t pa_clock_cpu_ms(void);

/* The monotonic time `ms` milliseconds from now, and the one that is `ms` on that clock: for timed waits. */
struct timespec pa_clock_in(int64_t ms);
struct timespec pa_clock_at(int64_t ms);

/* Makes a condition whose timed waits use the monotonic clock. */
void pa_clock_condition(pthread_cond_t *condition);

#endif
