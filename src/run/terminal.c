/* Asks for the controlling terminal by its name, so that no descriptor is kept. */
#include "run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOOK_MS = 10000 }; /* for a shell that sends SIGHUP, to end, and for its window to be closed */

/* 1 when the process has a controlling terminal, 0 when it has none, -1 when that cannot be said. */
static int has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENXIO || errno == EIO ? 0 : -1;
	close(fd);
	return 1;
}

void pa_terminal_begin(struct pa_terminal *terminal)
{
	struct sigaction now;

	*terminal = (struct pa_terminal){.has = has_terminal() == 1};
	terminal->hangup_ignored = sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

bool pa_terminal_is_closed(struct pa_terminal *terminal, enum pa_signal got)
{
	if (terminal->hangup_ignored)
		return false;
	if (got == PA_SIGNAL_HANGUP)
		return true;
	if (!terminal->has)
		return false;
	if (got == PA_SIGNAL_RELOAD)
		terminal->look_until = pa_clock_ms() + LOOK_MS;
	return pa_clock_ms() < terminal->look_until && has_terminal() == 0;
}
