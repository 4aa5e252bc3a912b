#include "run/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static sigset_t ours(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return signals;
}

void pa_signals_block(void)
{
	const sigset_t signals = ours();

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void pa_signals_forget_children(void)
{
	if (getpid() == 1)
		signal(SIGCHLD, SIG_IGN);
}

void pa_signals_unblock(void)
{
	const sigset_t signals = ours();

	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

enum pa_signal pa_signals_wait(unsigned ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	const sigset_t signals = ours();
	siginfo_t info = {0};
	int got = sigtimedwait(&signals, &info, &time);

	if (got < 0)
		return PA_SIGNAL_NONE;
	if (got != SIGHUP)
		return PA_SIGNAL_STOP;
	return info.si_code == SI_KERNEL ? PA_SIGNAL_HANGUP : PA_SIGNAL_RELOAD;
}
