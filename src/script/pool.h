/*
 * The VMs of one server: lease one for a request, return it, grow to a cap. Watches the scripts and swaps generations:
 * a generation is one snapshot and the VMs made from it; requests in flight finish on the one they began with.
 */
#ifndef PA_POOL_H
#define PA_POOL_H

#include "base/error.h"
#include "base/message.h"
#include "native/services.h"
#include "script/rooms.h"
#include "script/vm.h"

struct pa_pool;

/* The strings are borrowed and outlive the pool. */
struct pa_pool_options {
	const char *name;
	const char *const *folders;   /* of the rooms: pa_rooms_locate */
	struct pa_services *services; /* borrowed; outlives the pool */
	unsigned vms_max;             /* the cap of one generation */
	unsigned lease_ms;            /* how long a request may wait for a VM; 0 is the default of 5 s */
	bool watch;                   /* reload when files change; pa_pool_reload works anyway */
};

/*
 * Builds the first generation and starts the keeper thread. Scripts that do not load are no error: every route then
 * shows the fault until a good one is saved (RL-02). NULL with code "scripts" when the library itself cannot be read.
 */
struct pa_pool *pa_pool_open(const struct pa_pool_options *options, struct pa_error *error);

/* A pa_server_handler, whose context is a pool: leases a VM, runs the request, returns the VM. */
void pa_pool_handle(void *context, const struct pa_request *request, struct pa_response *response);

/* A pa_server_observer, whose context is a pool: logs what was refused. */
void pa_pool_observe(void *context, const struct pa_request *request, int status, const char *reason);

/* Leases a VM and runs a job of that lane that is due, if one is. How many milliseconds to wait before asking again;
 * less than 0: until the services' bell rings. */
long pa_pool_run_due(struct pa_pool *pool, const char *lane);

/* The lanes of the app's jobs; none when the scripts cannot tell, which is logged. */
void pa_pool_lanes(struct pa_pool *pool, struct pa_vm_lanes *lanes);

/* Asks the keeper for a reload; returns at once. Any thread. */
void pa_pool_reload(struct pa_pool *pool);

/* No request may be in flight any more. NULL is fine. */
void pa_pool_close(struct pa_pool *pool);

#endif
