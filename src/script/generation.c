/* Loads scripts into VMs. */
#include "script/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "script/body_limit.h"

void pa_generation_free(struct pa_generation *generation)
{
	for (unsigned i = 0; i < generation->free_count; i++)
		pa_vm_free(generation->free_vms[i]);
	pa_stats_add(PA_STAT_VMS, -(long)generation->free_count);
	free(generation->free_vms);
	pa_snapshot_release(generation->snapshot);
	pa_fault_free(&generation->broken);
	free(generation);
}

static const char *entry_of(const struct pa_generation *generation, bool first)
{
	if (generation->broken.message)
		return "partnerapp.host.broken";
	return first ? generation->first : generation->entry;
}

static struct pa_vm *new_vm(const struct pa_generation *generation, bool first, struct pa_fault *fault)
{
	struct pa_vm *vm = pa_vm_new(
		&(struct pa_vm_options){
			.snapshot = generation->snapshot,
			.services = generation->services,
			.entry = entry_of(generation, first),
			.broken = generation->broken.message ? &generation->broken : NULL,
			.beside = generation->beside,
			.first = first,
		},
		fault);

	if (vm)
		pa_stats_add(PA_STAT_VMS, 1);
	return vm;
}

struct pa_vm *pa_generation_new_vm(const struct pa_generation *generation, struct pa_fault *fault)
{
	return new_vm(generation, false, fault);
}

static struct pa_generation *new_generation(
	struct pa_snapshot *snapshot, struct pa_services *services, const char *entry, unsigned vms_max)
{
	struct pa_generation *generation = calloc(1, sizeof *generation);

	if (!generation || !(generation->free_vms = calloc(vms_max, sizeof(struct pa_vm *)))) {
		free(generation);
		pa_snapshot_release(snapshot);
		return NULL;
	}
	generation->snapshot = snapshot;
	generation->services = services;
	generation->entry = entry;
	snprintf(generation->first, sizeof generation->first, "%s.first", entry);
	generation->references = 1;
	return generation;
}

static void set_fault(struct pa_fault *fault, const char *message)
{
	pa_fault_free(fault);
	fault->message = strdup(message);
	fault->no_memory = !fault->message;
}

/* The snapshot. When the app's folder cannot be read, with `even_broken` one of the library alone, which shows *fault.
 */
static struct pa_snapshot *read_scripts(const char *const folders[PA_ROOMS], bool even_broken, struct pa_fault *fault)
{
	const char *const library[PA_ROOMS] = {[PA_ROOM_LIBRARY] = folders[PA_ROOM_LIBRARY]};
	struct pa_error error;
	struct pa_snapshot *snapshot = pa_snapshot_read(folders, &error);

	if (snapshot)
		return snapshot;
	set_fault(fault, error.text);
	fault->no_memory = fault->no_memory || strcmp(error.code, "memory") == 0;
	if (!even_broken || fault->no_memory)
		return NULL;
	snapshot = pa_snapshot_read(library, &error);
	if (!snapshot)
		set_fault(fault, error.text);
	return snapshot;
}

struct pa_generation *pa_generation_load(const char *const folders[PA_ROOMS], struct pa_services *services,
	const char *entry, unsigned vms_max, enum pa_generation_broken broken, struct pa_fault *fault)
{
	bool even_broken = broken != PA_GENERATION_NONE;
	struct pa_snapshot *snapshot = read_scripts(folders, even_broken, fault);

	if (!snapshot)
		return NULL;
	struct pa_generation *generation = new_generation(snapshot, services, entry, vms_max);
	if (!generation) {
		set_fault(fault, "not enough memory");
		fault->no_memory = true;
		return NULL;
	}
	struct pa_vm *vm = fault->message ? NULL : new_vm(generation, true, fault);
	if (!vm && even_broken && !fault->no_memory) {
		generation->broken = *fault;
		generation->beside = broken == PA_GENERATION_BESIDE;
		*fault = (struct pa_fault){0};
		vm = new_vm(generation, true, fault);
	}
	if (!vm && (!even_broken || fault->no_memory)) {
		pa_generation_free(generation);
		return NULL;
	}
	if (vm) {
		generation->body_floor = pa_body_limit_floor(vm);
		generation->free_vms[generation->free_count++] = vm;
		generation->made = 1;
	}
	return generation;
}
