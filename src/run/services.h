/* Opens and closes the services of one server (native/services.h): settings, database, keys, calls out. The caller of
 * open owns them. Never raises. */
#ifndef PA_SERVICES_H
#define PA_SERVICES_H

#include "base/error.h"
#include "client/http.h"
#include "native/services.h"

/* Filled in by run/command from the plan of lua/cli. */
struct pa_services_options {
	const char *name;                  /* "app", "sandbox" */
	const char *database;              /* "sqlite:PATH" or "sqlite::memory:" */
	const char *secret_key;            /* for pa_keyring_open */
	const char *secret_key_file;       /* for pa_keyring_follow, or NULL */
	struct pa_http_options http;       /* for pa_http_open */
	const struct pa_setting *settings; /* for native.sys.settings() */
	size_t setting_count;
	unsigned request_ms; /* as in struct pa_services */
};

/* The strings of the options are borrowed and outlive the services. NULL with code "database", "key", "http", "usage"
 * or "memory". */
struct pa_services *pa_services_open(const struct pa_services_options *options, struct pa_error *error);

/* Call when no VM uses the services any more. NULL does nothing. */
void pa_services_close(struct pa_services *services);

#endif
