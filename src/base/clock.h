/*
 * Time. Deadlines and durations use CLOCK_MONOTONIC, which nothing can set; the wall clock is for times that people
 * read or other processes store. Any thread, never raises.
 */
#ifndef PA_CLOCK_H
#define PA_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds and nanoseconds of CLOCK_MONOTONIC. */
int64_t pa_clock_ms(void);
int64_t pa_clock_ns(void);

/* Nanoseconds since 1970, of the wall clock. */
int64_t pa_clock_wall_ns(void);

/* Milliseconds of CPU that this thread has used. */
int64_t pa_clock_cpu_ms(void);

/* Times on CLOCK_MONOTONIC for timed waits: `ms` milliseconds from now, and `ms` as pa_clock_ms counts. */
struct timespec pa_clock_in(int64_t ms);
struct timespec pa_clock_at(int64_t ms);

/* Initializes a condition whose timed waits use CLOCK_MONOTONIC. */
void pa_clock_condition(pthread_cond_t *condition);

#endif
