/* A CURLSH with a lock: the driver uses the sessions, and the threads that make and free easy handles count themselves.
 */
#include "client/sessions.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

struct pa_sessions {
	CURLSH *share;
	pthread_mutex_t mutexes[CURL_LOCK_DATA_LAST]; /* one for each kind of data, which curl may lock inside each other */
};

static void lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *context)
{
	struct pa_sessions *sessions = context;

	(void)easy, (void)access;
	pthread_mutex_lock(&sessions->mutexes[data]);
}

static void unlock(CURL *easy, curl_lock_data data, void *context)
{
	struct pa_sessions *sessions = context;

	(void)easy;
	pthread_mutex_unlock(&sessions->mutexes[data]);
}

struct pa_sessions *pa_sessions_open(void)
{
	struct pa_sessions *sessions = calloc(1, sizeof *sessions);

	if (!sessions)
		return NULL;
	for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&sessions->mutexes[i], NULL);
	sessions->share = curl_share_init();
	if (!sessions->share || curl_share_setopt(sessions->share, CURLSHOPT_LOCKFUNC, lock) != CURLSHE_OK ||
		curl_share_setopt(sessions->share, CURLSHOPT_UNLOCKFUNC, unlock) != CURLSHE_OK ||
		curl_share_setopt(sessions->share, CURLSHOPT_USERDATA, sessions) != CURLSHE_OK ||
		curl_share_setopt(sessions->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
		pa_sessions_close(sessions);
		return NULL;
	}
	return sessions;
}

void pa_sessions_close(struct pa_sessions *sessions)
{
	if (!sessions)
		return;
	curl_share_cleanup(sessions->share);
	for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&sessions->mutexes[i]);
	free(sessions);
}

void *pa_sessions_share(const struct pa_sessions *sessions)
{
	return sessions->share;
}
