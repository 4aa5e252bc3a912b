/*
 * Deadlines for blocking calls on sockets: when a deadline passes, a thread shuts the socket down, which ends the call.
 * One such thread for each server. Any thread may begin and end a deadline. Never raises.
 */
#ifndef PA_DEADLINE_H
#define PA_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct pa_deadlines;

/* Owned by the caller of pa_deadline_begin, until pa_deadline_end. */
struct pa_deadline {
	int fd, how;   /* for shutdown(2) */
	int64_t at_ms; /* of pa_clock_ms */
	bool passed;
	struct pa_deadline *next, *previous;
};

/* Starts the thread. NULL without memory or a thread. */
struct pa_deadlines *pa_deadlines_open(void);

/* Ends the thread; all deadlines must have ended. NULL does nothing. */
void pa_deadlines_close(struct pa_deadlines *deadlines);

/* Shuts the socket down after `ms` milliseconds, unless pa_deadline_end comes before. A negative fd does nothing. */
void pa_deadline_begin(struct pa_deadlines *deadlines, struct pa_deadline *deadline, int fd, int how, unsigned ms);

/* True when the deadline has passed: the socket was shut down. */
bool pa_deadline_end(struct pa_deadlines *deadlines, struct pa_deadline *deadline);

#endif
