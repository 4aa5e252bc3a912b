/*
 * Whether the terminal that the process was started from is closed (TO-09). The kernel then sends SIGHUP to the shell
 * and to the jobs in its foreground; a shell sends it to the jobs in the background, some shells before the terminal is
 * closed. A SIGHUP of another process while the terminal is there is a wish to reload.
 */
#ifndef PA_TERMINAL_H
#define PA_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "run/signals.h"

struct pa_terminal {
	bool has;            /* the process had a terminal at its start */
	bool hangup_ignored; /* and was started with SIGHUP ignored, as nohup does: it outlives the terminal */
	int64_t look_until;  /* pa_clock_ms: until then a SIGHUP may have been of a shell whose terminal is being closed */
};

/* Call at the start. */
void pa_terminal_begin(struct pa_terminal *terminal);

/* Whether the process has to end because its terminal is closed. Call after each pa_signals_wait with its result. */
bool pa_terminal_is_closed(struct pa_terminal *terminal, enum pa_signal got);

#endif
