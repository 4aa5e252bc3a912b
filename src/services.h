/*
 * What the scripts of one server stand on: its settings, database, keys, clock and the limits of its calls out. Opened
 * once, shared by all its VMs, freed last.
 */
#ifndef PA_SERVICES_H
#define PA_SERVICES_H

#include "error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pa_setting {
	char *name, *value;
};

/* As lua/cli describes a server: see command.h. */
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

struct pa_services {
	char *name;
	struct pa_setting *settings;
	size_t setting_count;
	struct pa_db *db;         /* native/db.h */
	struct pa_keyring *keys;  /* native/crypto.h */
	struct pa_http *http;     /* native/http.h */
	struct pa_limit *limit;   /* native/limit.h */
	struct pa_memory *memory; /* native/memory.h */
	struct pa_bell *bell;     /* rings when the clock was moved or the scripts are new: jobs may be due */
	_Atomic int64_t clock_ms; /* added to the wall clock: the sandbox can move its time */
};

/* NULL with the code of what could not be opened: "database", "key", "usage". Everything is copied. */
struct pa_services *pa_services_open(const struct pa_services_options *options, struct pa_error *error);
void pa_services_close(struct pa_services *services);

/* The value of a setting, or NULL. */
const char *pa_services_setting(const struct pa_services *services, const char *name);

/* Milliseconds since 1970, moved by clock_ms. */
int64_t pa_services_now(const struct pa_services *services);

#endif
