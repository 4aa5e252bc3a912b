/*
 * A generation: one snapshot of the scripts and the VMs made from it. script/pool owns it; the mutex of the pool guards
 * the counts and the list of VMs. No function here raises.
 */
#ifndef PA_GENERATION_H
#define PA_GENERATION_H

#include <stdbool.h>

#include "native/services.h"
#include "script/rooms.h"
#include "script/snapshot.h"
#include "script/vm.h"

struct pa_generation {
	struct pa_snapshot *snapshot;
	struct pa_services *services; /* borrowed */
	const char *entry;            /* the module that VMs load; borrowed */
	struct pa_fault broken;       /* why every route shows an error; message NULL: the scripts have loaded */
	unsigned references;          /* the pool's, and one for each leased VM */
	struct pa_vm **free_vms;      /* room for `vms_max`; the most recently used one is the last */
	unsigned free_count, made;    /* `made`: the free and the leased ones */
	unsigned unused;              /* the free VMs that were not leased since pa_pool_trim looked last: the first ones */
};

/*
 * Reads the scripts and makes the first VM, which loads `entry` and also checks the app (entry.check). When the app
 * does not load: with `even_broken` a generation that shows the fault, else NULL. NULL also when not even the library's
 * files can be read, or memory runs out (fault->no_memory). *fault says why. The caller gets the one reference.
 */
struct pa_generation *pa_generation_load(const char *const folders[PA_ROOMS], struct pa_services *services,
	const char *entry, unsigned vms_max, bool even_broken, struct pa_fault *fault);

/* A further VM, unchecked. The caller counts it in `made`. NULL with a fault. */
struct pa_vm *pa_generation_new_vm(const struct pa_generation *generation, struct pa_fault *fault);

/* Frees a generation without references, its snapshot and its free VMs. Call without the pool's mutex: closing a VM
 * takes time. */
void pa_generation_free(struct pa_generation *generation);

#endif
