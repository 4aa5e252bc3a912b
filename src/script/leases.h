/*
 * The VMs of one server: leased for one request or job each, made up to a maximum, and freed when they are not used.
 * They are of the current generation, which another replaces after a reload; what was leased before ends on the
 * generation it began with. Any thread may call, but for new and free. Nothing here raises.
 */
#ifndef PA_LEASES_H
#define PA_LEASES_H

#include <stdbool.h>

#include "script/generation.h"

struct pa_leases;

/* A VM on loan. `vm` is NULL when none could be made; the lease is ended all the same. */
struct pa_lease {
	struct pa_generation *generation;
	struct pa_vm *vm;
};

enum pa_leases_whose {
	PA_LEASES_CURRENT,
	PA_LEASES_NEWEST, /* of the generation that shows why the newest scripts do not load, when there is one */
};

/* `vms_max`, `lease_ms` and `idle_ms` as in struct pa_pool_options (script/pool.h), none of them 0. NULL without
 * memory. */
struct pa_leases *pa_leases_new(unsigned vms_max, unsigned lease_ms, unsigned idle_ms);

/* Frees the generations. Call when nothing is leased; what still is, is counted as leaked. NULL does nothing. */
void pa_leases_free(struct pa_leases *leases);

/*
 * Leases a VM, which is made when none is free. False when all are in use for lease_ms: nothing is leased then. When
 * none could be made, lease->vm is NULL and *fault says why.
 */
bool pa_leases_begin(
	struct pa_leases *leases, enum pa_leases_whose whose, struct pa_lease *lease, struct pa_fault *fault);

/* Ends a lease. The VM is kept for the next one, unless its generation was replaced, or it has too much memory or has
 * spent its budget: then it is freed. */
void pa_leases_end(struct pa_leases *leases, struct pa_lease *lease);

/* Makes a generation the current one, whose reference the leases take over. For the thread that reloads, and before it
 * is started. */
void pa_leases_put(struct pa_leases *leases, struct pa_generation *generation);

/* The same for the generation that shows why the newest scripts do not load, while the current one goes on. NULL takes
 * the one before away. */
void pa_leases_put_broken(struct pa_leases *leases, struct pa_generation *generation);

/* Frees VMs: pa_pool_trim says which. From one thread. */
void pa_leases_trim(struct pa_leases *leases);
enum { PA_LEASES_KEPT = 8 };

#endif
