#include "script/leases.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/stats.h"

enum { FREED_AT_ONCE = 64 }; /* VMs */

struct pa_leases {
	unsigned vms_max, lease_ms, idle_ms;
	pthread_mutex_t mutex; /* for all that follows, and for the generations' counts */
	pthread_cond_t returned;
	struct pa_generation *current;
	struct pa_generation *broken; /* shows why the newest scripts do not load; or NULL */
	unsigned leased;
	int64_t looked_ms; /* pa_leases_trim: when it looked for unused VMs */
};

struct pa_leases *pa_leases_new(unsigned vms_max, unsigned lease_ms, unsigned idle_ms)
{
	struct pa_leases *leases = calloc(1, sizeof *leases);

	if (!leases)
		return NULL;
	pthread_mutex_init(&leases->mutex, NULL);
	pa_clock_condition(&leases->returned);
	leases->vms_max = vms_max;
	leases->lease_ms = lease_ms;
	leases->idle_ms = idle_ms;
	leases->looked_ms = pa_clock_ms();
	return leases;
}

void pa_leases_free(struct pa_leases *leases)
{
	if (!leases)
		return;
	pa_stats_leaked("VMs", leases->leased);
	if (leases->current)
		pa_generation_free(leases->current);
	if (leases->broken)
		pa_generation_free(leases->broken);
	pthread_cond_destroy(&leases->returned);
	pthread_mutex_destroy(&leases->mutex);
	free(leases);
}

/* True for the last reference: the caller then frees the generation, without the mutex. The mutex is held. */
static bool drop_reference(struct pa_generation *generation)
{
	return --generation->references == 0;
}

static void put(struct pa_leases *leases, struct pa_generation **place, struct pa_generation *generation)
{
	pthread_mutex_lock(&leases->mutex);
	struct pa_generation *old = *place;
	*place = generation;
	bool last = old && drop_reference(old);
	pthread_cond_broadcast(&leases->returned);
	pthread_mutex_unlock(&leases->mutex);
	if (last)
		pa_generation_free(old);
}

void pa_leases_put(struct pa_leases *leases, struct pa_generation *generation)
{
	put(leases, &leases->current, generation);
}

void pa_leases_put_broken(struct pa_leases *leases, struct pa_generation *generation)
{
	put(leases, &leases->broken, generation);
}

/* Takes a free VM of a generation, or counts one that the caller is to make: *vm is then NULL. False when all of them
 * are leased. The mutex is held. */
static bool take(const struct pa_leases *leases, struct pa_generation *from, struct pa_vm **vm)
{
	*vm = from->free_count > 0 ? from->free_vms[--from->free_count] : NULL;
	if (from->unused > from->free_count)
		from->unused = from->free_count;
	if (!*vm && from->made >= leases->vms_max)
		return false;
	from->made += !*vm;
	from->references++;
	return true;
}

bool pa_leases_begin(
	struct pa_leases *leases, enum pa_leases_whose whose, struct pa_lease *lease, struct pa_fault *fault)
{
	struct timespec until;
	int waited = -1; /* -1: not waited yet */

	*lease = (struct pa_lease){0};
	pthread_mutex_lock(&leases->mutex);
	for (;;) {
		bool newest = whose == PA_LEASES_NEWEST && leases->broken;
		struct pa_generation *from = newest ? leases->broken : leases->current;
		if (take(leases, from, &lease->vm)) {
			leases->leased++;
			pa_stats_add(PA_STAT_VMS_LEASED, 1);
			lease->generation = from;
			break;
		}
		if (waited > 0)
			break;
		if (waited < 0)
			until = pa_clock_in(leases->lease_ms);
		waited = pthread_cond_timedwait(&leases->returned, &leases->mutex, &until);
	}
	pthread_mutex_unlock(&leases->mutex);
	if (lease->generation && !lease->vm)
		lease->vm = pa_generation_new_vm(lease->generation, fault);
	return lease->generation != NULL;
}

/* Whether a good VM that comes back is kept. The mutex is held. */
static bool is_kept(const struct pa_leases *leases, const struct pa_generation *generation, bool is_short)
{
	if (generation == leases->current)
		return !is_short || generation->free_count < PA_LEASES_KEPT;
	return generation == leases->broken && generation->free_count < PA_LEASES_KEPT && !is_short;
}

void pa_leases_end(struct pa_leases *leases, struct pa_lease *lease)
{
	struct pa_generation *generation = lease->generation;
	bool is_good = lease->vm && pa_vm_settle(lease->vm), is_short = pa_memory_is_short();

	pthread_mutex_lock(&leases->mutex);
	bool keep = is_good && is_kept(leases, generation, is_short);
	if (keep)
		generation->free_vms[generation->free_count++] = lease->vm;
	else
		generation->made--;
	leases->leased--;
	pa_stats_add(PA_STAT_VMS_LEASED, -1);
	bool last = drop_reference(generation);
	if (leases->broken) /* threads may wait for either generation */
		pthread_cond_broadcast(&leases->returned);
	else
		pthread_cond_signal(&leases->returned);
	pthread_mutex_unlock(&leases->mutex);
	if (!keep && lease->vm) {
		pa_vm_free(lease->vm);
		pa_stats_add(PA_STAT_VMS, -1);
	}
	if (last)
		pa_generation_free(generation);
}

/* Moves VMs that are to be freed from the current generation into `vms`. The number of them. */
static unsigned take_unused(struct pa_leases *leases, struct pa_vm *vms[FREED_AT_ONCE])
{
	bool is_short = pa_memory_is_short();
	unsigned count = 0;

	pthread_mutex_lock(&leases->mutex);
	struct pa_generation *current = leases->current;
	bool is_time = pa_clock_ms() - leases->looked_ms >= (leases->idle_ms + 1) / 2;
	if (is_short)
		count = current->free_count;
	else if (is_time)
		count = current->unused;
	count = count > PA_LEASES_KEPT ? count - PA_LEASES_KEPT : 0;
	bool is_all = count <= FREED_AT_ONCE;
	if (!is_all)
		count = FREED_AT_ONCE;
	/* The first ones were returned before all others. */
	memcpy(vms, current->free_vms, count * sizeof(struct pa_vm *));
	current->free_count -= count;
	current->made -= count;
	memmove(current->free_vms, current->free_vms + count, current->free_count * sizeof(struct pa_vm *));
	if (is_all && is_time) {
		current->unused = current->free_count;
		leases->looked_ms = pa_clock_ms();
	} else {
		current->unused -= current->unused < count ? current->unused : count;
	}
	pthread_mutex_unlock(&leases->mutex);
	return count;
}

void pa_leases_trim(struct pa_leases *leases)
{
	struct pa_vm *vms[FREED_AT_ONCE];
	unsigned count;

	do {
		count = take_unused(leases, vms);
		for (unsigned i = 0; i < count; i++)
			pa_vm_free(vms[i]);
		pa_stats_add(PA_STAT_VMS, -(long)count);
	} while (count == FREED_AT_ONCE);
}
