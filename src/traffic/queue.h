/*
 * Entries that wait to be stored, bounded in number and bytes: any thread adds one without a lock, one thread takes
 * all. Never raises.
 */
#ifndef PA_QUEUE_H
#define PA_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "traffic/entry.h"

enum { PA_QUEUE_ENTRIES_MAX = 4096, PA_QUEUE_BYTES_MAX = 16 << 20 };

/* Zero is a valid empty one. */
struct pa_queue {
	_Atomic(struct pa_entry *) newest;
	_Atomic size_t entries, bytes; /* that wait, those that are being stored included */
	_Atomic unsigned long dropped; /* so far */
};

/* Adds a copy of the entry. 1 when the queue was empty, so that the thread which takes should be woken; 0 when it was
 * not; -1 when the entry was dropped, which is counted: the queue is full, or there is no memory. */
int pa_queue_add(struct pa_queue *queue, const struct pa_entry *entry);

/* Takes all entries: the list begins with the oldest. NULL when there are none. */
struct pa_entry *pa_queue_take(struct pa_queue *queue);

/* Frees an entry that was taken, and makes room for others. `stored`: else it is counted as dropped. */
void pa_queue_done(struct pa_queue *queue, struct pa_entry *entry, bool stored);

#endif
