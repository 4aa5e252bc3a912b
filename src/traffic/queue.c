/* A stack that is taken as a whole. */
#include "traffic/queue.h"

#include "base/stats.h"

static void count_dropped(struct pa_queue *queue)
{
	atomic_fetch_add_explicit(&queue->dropped, 1, memory_order_relaxed);
	pa_stats_add(PA_STAT_TRAFFIC_DROPPED, 1);
}

static bool is_full(struct pa_queue *queue)
{
	return atomic_load_explicit(&queue->entries, memory_order_relaxed) >= PA_QUEUE_ENTRIES_MAX ||
		   atomic_load_explicit(&queue->bytes, memory_order_relaxed) >= PA_QUEUE_BYTES_MAX;
}

int pa_queue_add(struct pa_queue *queue, const struct pa_entry *entry)
{
	struct pa_entry *copy = is_full(queue) ? NULL : pa_entry_copy(entry);

	if (!copy) {
		count_dropped(queue);
		return -1;
	}
	atomic_fetch_add_explicit(&queue->entries, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&queue->bytes, copy->size, memory_order_relaxed);
	struct pa_entry *before = atomic_load_explicit(&queue->newest, memory_order_relaxed);
	do
		copy->next = before;
	while (!atomic_compare_exchange_weak_explicit(
		&queue->newest, &before, copy, memory_order_acq_rel, memory_order_relaxed));
	return before == NULL; /* the copy may be stored and freed by now */
}

struct pa_entry *pa_queue_take(struct pa_queue *queue)
{
	struct pa_entry *newest = atomic_exchange_explicit(&queue->newest, NULL, memory_order_acq_rel), *oldest = NULL;

	while (newest) {
		struct pa_entry *next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

void pa_queue_done(struct pa_queue *queue, struct pa_entry *entry, bool stored)
{
	atomic_fetch_sub_explicit(&queue->entries, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&queue->bytes, entry->size, memory_order_relaxed);
	if (!stored)
		count_dropped(queue);
	pa_entry_free(entry);
}
