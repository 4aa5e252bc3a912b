/* TLS sessions that all transfers of a service resume: a new connection to a known host is cheaper then. Any thread;
 * never raises. */
#ifndef PA_SESSIONS_H
#define PA_SESSIONS_H

struct pa_sessions;

/* NULL without memory. */
struct pa_sessions *pa_sessions_open(void);

/* Call when no easy handle uses them any more. NULL does nothing. */
void pa_sessions_close(struct pa_sessions *sessions);

/* The CURLSH, for CURLOPT_SHARE. */
void *pa_sessions_share(const struct pa_sessions *sessions);

#endif
