/*
 * The signals of the process: SIGTERM and SIGINT stop it, SIGHUP of another process reloads the scripts (OP-02). The
 * kernel sends SIGHUP when the terminal of the process is closed: run/terminal decides. They are blocked in every
 * thread, and the main thread waits for them.
 */
#ifndef PA_SIGNALS_H
#define PA_SIGNALS_H

enum pa_signal {
	PA_SIGNAL_NONE,
	PA_SIGNAL_STOP,
	PA_SIGNAL_RELOAD, /* SIGHUP of a process */
	PA_SIGNAL_HANGUP, /* SIGHUP of the kernel */
};

/* Blocks them in this thread and in those it starts, and ignores SIGPIPE and SIGXFSZ: a write says what went wrong.
 * Call before the first thread. */
void pa_signals_block(void);

/* For a server that starts no program. As the first process of a container this one becomes the parent of those whose
 * own has ended (health checks, `docker exec`): the kernel then forgets them at their end, so that none is left. */
void pa_signals_forget_children(void);

/* Unblocks them: from now on each ends the process, as the system does by default. */
void pa_signals_unblock(void);

/* Waits at most `ms` milliseconds for one. */
enum pa_signal pa_signals_wait(unsigned ms);

#endif
