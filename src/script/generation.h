/*
 * A generation: one snapshot of the scripts and the VMs made from it. script/leases owns it; its mutex guards the
 * counts and the list of VMs. No function here raises.
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
	char first[64];               /* the one that the first VM loads in its place: "ENTRY.first" */
	struct pa_fault broken;       /* why every route shows an error; message NULL: the scripts have loaded */
	bool beside;                  /* another generation serves meanwhile, to whom the error is not shown */
	size_t body_floor;            /* pa_body_limit_floor of its VMs */
	unsigned references;          /* of script/leases, and one for each leased VM */
	struct pa_vm **free_vms;      /* room for `vms_max`; the most recently used one is the last */
	unsigned free_count, made;    /* `made`: the free and the leased ones */
	unsigned unused; /* the free VMs that were not leased since pa_leases_trim looked last: the first ones */
};

/* What is to be made of scripts that do not load. */
enum pa_generation_broken {
	PA_GENERATION_NONE,   /* nothing */
	PA_GENERATION_ALONE,  /* a generation that shows the fault to every request */
	PA_GENERATION_BESIDE, /* one that shows the fault to some, while another serves the rest */
};

/*
 * Reads the scripts and makes the first VM, which loads `entry` with ".first" after it and so checks the files. When
 * the app does not load, `broken` says what is made. NULL also when not even the library's files can be read, or memory
 * runs out (fault->no_memory). *fault says why. The caller gets the one reference.
 */
struct pa_generation *pa_generation_load(const char *const folders[PA_ROOMS], struct pa_services *services,
	const char *entry, unsigned vms_max, enum pa_generation_broken broken, struct pa_fault *fault);

/* A further VM, unchecked. The caller counts it in `made`. NULL with a fault. */
struct pa_vm *pa_generation_new_vm(const struct pa_generation *generation, struct pa_fault *fault);

/* Frees a generation without references, its snapshot and its free VMs. Call without the mutex: closing a VM
 * takes time. */
void pa_generation_free(struct pa_generation *generation);

#endif
