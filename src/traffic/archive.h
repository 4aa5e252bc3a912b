/*
 * The database of exchanges: its tables, storing, pruning. Entries come with their secrets replaced (traffic/redact).
 * Used by the thread of traffic, and by the one that opens it. Never raises.
 */
#ifndef PA_ARCHIVE_H
#define PA_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "store/db.h"
#include "traffic/entry.h"

/* What may be stored. */
struct pa_archive_limits {
	size_t bytes_max; /* of the database, without its write-ahead log */
	unsigned days;    /* older exchanges are deleted */
};

/* An exchange as it is stored: the texts of an entry with secrets replaced. */
struct pa_archive_row {
	const struct pa_entry *entry; /* of which only what is not a text is read */
	struct pa_span texts[PA_ENTRY_TEXTS];
	const char *request_note, *response_note; /* "cut", "packed" or NULL */
	const char *flow;                         /* or NULL */
};

/* Opens the database and makes its tables when they are absent. NULL with code "database" or "usage". */
struct pa_db *pa_archive_open(const char *url, struct pa_error *error);

/* Each returns 0, or -1 with a code of pa_statement_step. `now_ms`: since 1970. */

/* Sets *shelf to the part of the index that exchanges of now go to; begins a new one when it is full. Inside of a
 * transaction, as storing is. */
int pa_archive_shelf(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	int64_t *shelf, struct pa_error *error);
int pa_archive_store(
	struct pa_connection *connection, int64_t shelf, const struct pa_archive_row *row, struct pa_error *error);

/* Deletes some of the oldest exchanges when there is more than the limits allow, in a transaction of its own. *more:
 * whether anything was deleted, so that there may be more. */
int pa_archive_prune(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	bool *more, struct pa_error *error);

#endif
