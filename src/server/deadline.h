/*
 * Deadlines on blocking socket calls that have none of their own: at its time the socket is shut down, which ends the
 * call. One thread a server; any thread may begin and end.
 */
#ifndef PA_DEADLINE_H
#define PA_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct pa_deadlines;

/* Embedded by whoever waits. */
struct pa_deadline {
	int fd, how;   /* for shutdown(2) */
	int64_t at_ms; /* CLOCK_MONOTONIC */
	bool passed;
	struct pa_deadline *next, *previous;
};

struct pa_deadlines *pa_deadlines_open(void);
void pa_deadlines_close(struct pa_deadlines *deadlines);

/* From now on the socket is shut down after that many milliseconds, unless ended before. A negative fd does nothing. */
void pa_deadline_begin(struct pa_deadlines *deadlines, struct pa_deadline *deadline, int fd, int how, unsigned ms);

/* True when it had passed. */
bool pa_deadline_end(struct pa_deadlines *deadlines, struct pa_deadline *deadline);

#endif
