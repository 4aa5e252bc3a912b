/*
 * What the native modules of one server share: settings, database, keys, calls out, clock. run/services owns them; they
 * outlive every VM of the server. Any thread.
 */
#ifndef PA_NATIVE_SERVICES_H
#define PA_NATIVE_SERVICES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct pa_setting {
	char *name, *value;
};

struct pa_span;
struct pa_buffer;
struct pa_error;

/* Another server of this process, whose scripts can be asked: the app's, for the sandbox's. */
struct pa_neighbour {
	/* Adds what the scripts answer. 0, or -1 with code "busy" (no VM in time), "script" (a fault) or "memory". */
	int (*ask)(void *context, struct pa_span question, struct pa_buffer *answer, struct pa_error *error);
	void *context;
};

struct pa_services {
	const char *name; /* "app", "sandbox" */
	const struct pa_setting *settings;
	size_t setting_count;
	unsigned request_ms;     /* how long a request may take, on the clock; 0: no limit */
	struct pa_db *db;        /* store/db.h */
	struct pa_keyring *keys; /* store/keyring.h */
	struct pa_http *http;    /* client/http.h */
	struct pa_admission
		*admission;             /* base/admission.h: the pool's, which requests are inside of; NULL without a pool */
	struct pa_traffic *traffic; /* traffic/traffic.h; NULL when exchanges are not kept */
	struct pa_limit *limit;     /* native/limit.h */
	struct pa_shared *shared;   /* native/shared.h */
	_Atomic(const struct pa_neighbour *) neighbour; /* NULL until it has started, or when there is none */
	struct pa_bell *bell;     /* rings after the clock was moved or scripts were reloaded: jobs may be due */
	_Atomic int64_t clock_ms; /* added to the wall clock; the sandbox's control API can set it */
};

#endif
