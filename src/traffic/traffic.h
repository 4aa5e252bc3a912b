/*
 * Keeps every exchange of a server, in and out, with secrets replaced before anything is stored. Threads that answer
 * requests copy bytes into a bounded queue; one thread, which uses a sixteenth of a processor at most, replaces
 * secrets, stores and prunes. What does not fit is dropped and counted. Never raises.
 */
#ifndef PA_TRAFFIC_H
#define PA_TRAFFIC_H

#include <stddef.h>

#include "base/error.h"
#include "store/db.h"
#include "traffic/archive.h"
#include "traffic/entry.h"

struct pa_traffic;

struct pa_traffic_options {
	const char *name;     /* of the server, for log lines; borrowed */
	const char *database; /* "sqlite-words:PATH"; copied */
	struct pa_archive_limits limits;
};

/* Opens the database and starts the thread. When the database cannot be opened, that is logged and exchanges are kept
 * in memory. NULL with code "memory" or "database". */
struct pa_traffic *pa_traffic_open(const struct pa_traffic_options *options, struct pa_error *error);

/* Adds a copy of an exchange to the queue. Any thread, without waiting. NULL does nothing. */
void pa_traffic_add(struct pa_traffic *traffic, const struct pa_entry *entry);

/* The database, to read; its URL; how many exchanges wait to be stored, and how many were dropped. Any thread. */
struct pa_db *pa_traffic_db(const struct pa_traffic *traffic);
const char *pa_traffic_place(const struct pa_traffic *traffic);
size_t pa_traffic_waiting(const struct pa_traffic *traffic);
unsigned long pa_traffic_dropped(const struct pa_traffic *traffic);

/* Stores what waits, for two seconds at most, ends the thread and closes. No other thread may use it any more. NULL
 * does nothing. */
void pa_traffic_close(struct pa_traffic *traffic);

#endif
