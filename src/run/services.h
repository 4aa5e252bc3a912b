/* Opens and closes what the modules of one server share (struct pa_services): its settings, database, keys, calls out.
 */
#ifndef PA_SERVICES_H
#define PA_SERVICES_H

#include "base/error.h"
#include "native/services.h"

/* As lua/cli describes a server: see run/command.h. */
struct pa_services_options {
	const char *name;            /* "app", "sandbox" */
	const char *database;        /* "sqlite:PATH" or "sqlite::memory:" */
	const char *secret_key;      /* keys for sealed values: "ID:64 hex digits", comma separated, the first one seals */
	const char *secret_key_file; /* where keys that are new since are looked for, or NULL */
	const char *http_allow;      /* origins that calls out may reach although private, space separated; "*" is any */
	unsigned calls_max;          /* calls out at once; 0: any number */
	const struct pa_setting *settings; /* what native.sys.settings() answers */
	size_t setting_count;
};

/* NULL with the code of what could not be opened: "database", "key", "usage". The options' strings are borrowed and
 * outlive the services. */
struct pa_services *pa_services_open(const struct pa_services_options *options, struct pa_error *error);
void pa_services_close(struct pa_services *services);

#endif
