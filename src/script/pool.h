/*
 * The VMs of one server, leased for one request or job each, made up to a maximum. Also watches the scripts and puts a
 * new generation (script/generation) in place of the current one; a request ends on the generation it began with. Any
 * thread may call, but for open and close. Nothing here raises.
 */
#ifndef PA_POOL_H
#define PA_POOL_H

#include "base/error.h"
#include "base/message.h"
#include "native/services.h"
#include "script/entry_module.h"
#include "script/leases.h"
#include "script/rooms.h"
#include "script/vm.h"

struct pa_pool;

/* All pointers are borrowed and outlive the pool. */
struct pa_pool_options {
	const char *name;             /* for log lines: "app", "sandbox" */
	const char *const *folders;   /* of the rooms: pa_rooms_locate */
	const char *entry;            /* the module that VMs load; NULL: partnerapp.host, which loads the app */
	struct pa_services *services; /* for the VMs; its bell rings when new scripts were put in place */
	unsigned vms_max;             /* of one generation */
	unsigned lease_ms;            /* how long a request may wait for a VM; 0 is the default of 5 s */
	unsigned idle_ms;             /* a VM that was not used for so long is freed; 0 is the default of a minute */
	bool watch;                   /* reload when files change; pa_pool_reload works anyway */
	bool development;             /* pages show why scripts do not load, with `watch` (RL-01), also at first (RL-02) */
};

/*
 * Makes the first generation and starts the thread that reloads. Scripts of the app that do not load are no error in
 * development: every route then shows the fault until a good version is saved (RL-02). NULL with code "scripts" when
 * they do not load otherwise, or the library cannot be read; or with code "watch".
 */
struct pa_pool *pa_pool_open(const struct pa_pool_options *options, struct pa_error *error);

/*
 * A pa_server_handler, whose context is a pool: leases a VM, runs the request, returns the VM. In development a request
 * that accepts text/html first waits for the reload of what was saved before, and gets the fault when the newest
 * scripts do not load; other requests get the last scripts that did (RL-01).
 */
void pa_pool_handle(void *context, const struct pa_request *request, struct pa_response *response);

/*
 * A pa_server_limiter, whose context is a pool: the limit of the route that will answer. Scripts whose routes have no
 * limits of their own are not asked, and neither are others about a body that every route takes.
 */
int pa_pool_limit(void *context, const struct pa_request *request, size_t length, size_t *limit);

/* A pa_server_observer, whose context is a pool: logs what was refused. */
void pa_pool_observe(void *context, const struct pa_request *request, int status, const char *reason);

/* Leases a VM and runs one job of that lane, if one is due; a fault of the job is logged. Returns how many milliseconds
 * to wait before the next call; less than 0: until the services' bell rings. */
long pa_pool_run_due(struct pa_pool *pool, const char *lane);

/* The `ask` of a struct pa_neighbour, whose context is a pool: leases a VM and has its scripts answer. A fault is
 * logged, and its message is the error's. */
int pa_pool_ask(void *context, struct pa_span question, struct pa_buffer *answer, struct pa_error *error);

/* The lanes of the app's jobs. 0, or -1 when they could not be read, which is logged: ask again later. */
int pa_pool_lanes(struct pa_pool *pool, struct pa_entry_module_lanes *lanes);

/*
 * Frees VMs that were not used for options.idle_ms (or for half of it, at least), but for the last PA_LEASES_KEPT; when
 * memory is short, all other free ones. Starts a reload again that had not enough memory. Call it every second or so,
 * from one thread.
 */
void pa_pool_trim(struct pa_pool *pool);

/* Makes the pool's thread reload the scripts; returns at once. */
void pa_pool_reload(struct pa_pool *pool);

/* Call when no request or job runs any more. NULL does nothing. */
void pa_pool_close(struct pa_pool *pool);

#endif
