/* The thread that stores exchanges. */
#include "traffic/traffic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/log.h"
#include "traffic/queue.h"
#include "traffic/redact.h"

enum {
	BATCH = 256,      /* exchanges of one transaction, each of which adds a piece to the index that is merged later */
	SHARE = 16,       /* the thread uses one of so many parts of a processor, */
	BURST_MS = 1000,  /* and after it was idle so much more */
	PRUNE_MS = 60000, /* how often old ones are looked for, without new ones */
	CLOSE_MS = 2000,  /* how long what waits is still stored */
	NS_OF_MS = 1000000,
};

#define IN_MEMORY "sqlite-words::memory:"

struct pa_traffic {
	struct pa_traffic_options options;
	char *place;
	struct pa_db *db;
	struct pa_bell *bell;
	struct pa_queue queue;
	struct pa_redact redact;
	pthread_t thread;
	bool has_thread;
	/* the thread's */
	bool has_failed;                           /* the last batch could not be stored */
	int64_t budget_ms, paced_ms, paced_cpu_ms; /* processor time it may use, and when that was reckoned */
	_Atomic bool stop;
	_Atomic int64_t stop_ms; /* of pa_clock_ms: what waits then is dropped */
};

/* Storing */

/* Logs the first of several failures. */
static void fail(struct pa_traffic *traffic, const struct pa_error *error)
{
	if (!traffic->has_failed)
		pa_log(PA_LOG_WARN, traffic->options.name, NULL, "exchanges cannot be stored and are dropped", "error",
			error->text, "place", traffic->place, NULL);
	traffic->has_failed = true;
}

static bool is_late(const struct pa_traffic *traffic)
{
	return atomic_load(&traffic->stop) && pa_clock_ms() >= atomic_load(&traffic->stop_ms);
}

/* Stores at most `most` entries of the list in one transaction. 0 with *count of them; or -1, and nothing is stored:
 * *count is how many there were before the one that failed, or all when the transaction did. */
static int store(struct pa_traffic *traffic, struct pa_connection *connection, const struct pa_entry *list, size_t most,
	size_t *count, struct pa_error *error)
{
	struct pa_archive_row row;
	int64_t shelf;

	*count = 0;
	if (pa_connection_begin(connection, error) < 0)
		return -1;
	if (pa_archive_shelf(connection, &traffic->options.limits, pa_clock_wall_ns() / NS_OF_MS, &shelf, error) < 0)
		goto failed;
	for (; list && *count < most; list = list->next, ++*count) {
		if (pa_redact_entry(&traffic->redact, list, &row) < 0) {
			pa_error_set(error, "memory", "not enough memory");
			goto failed;
		}
		if (pa_archive_store(connection, shelf, &row, error) < 0)
			goto failed;
	}
	if (pa_connection_commit(connection, error) == 0)
		return 0;

failed:
	pa_connection_roll_back(connection);
	return -1;
}

static struct pa_entry *store_batch(struct pa_traffic *traffic, struct pa_entry *list)
{
	struct pa_error error = {0};
	struct pa_connection *connection = pa_db_lease(traffic->db, PA_DB_WRITE, &error);
	size_t count = 0;
	int result = connection ? store(traffic, connection, list, BATCH, &count, &error) : -1;

	if (result < 0 && count > 0) { /* those before the one that failed, which is the first of the next batch */
		size_t before = count;
		result = store(traffic, connection, list, before, &count, &error);
		count = before;
	}
	if (connection)
		pa_db_return(connection);
	if (result < 0) {
		fail(traffic, &error);
		count = count > 0 ? count : 1;
	} else {
		traffic->has_failed = false;
	}
	for (; list && count > 0; count--) {
		struct pa_entry *next = list->next;
		pa_queue_done(&traffic->queue, list, result == 0);
		list = next;
	}
	return list;
}

/* Sleeps as long as the thread has used more than its share of a processor, after the first BURST_MS: what it does must
 * not cost requests more than that. */
static void pace(struct pa_traffic *traffic)
{
	int64_t now_ms = pa_clock_ms(), cpu_ms = pa_clock_cpu_ms();

	traffic->budget_ms += (now_ms - traffic->paced_ms) / SHARE - (cpu_ms - traffic->paced_cpu_ms);
	if (traffic->budget_ms > BURST_MS)
		traffic->budget_ms = BURST_MS;
	traffic->paced_ms = now_ms;
	traffic->paced_cpu_ms = cpu_ms;
	int64_t until_ms = now_ms - traffic->budget_ms * SHARE;
	while (traffic->budget_ms < 0 && (now_ms = pa_clock_ms()) < until_ms && !atomic_load(&traffic->stop))
		pa_bell_wait(traffic->bell, until_ms - now_ms); /* it also rings for new exchanges: they are looked for after */
}

static void store_all(struct pa_traffic *traffic, struct pa_entry *list)
{
	while (list) {
		if (!is_late(traffic)) {
			list = store_batch(traffic, list);
			pace(traffic);
			continue;
		}
		struct pa_entry *next = list->next;
		pa_queue_done(&traffic->queue, list, false);
		list = next;
	}
}

static void prune(struct pa_traffic *traffic)
{
	bool more = true;
	struct pa_error error;

	while (more && !atomic_load(&traffic->stop)) {
		struct pa_connection *connection = pa_db_lease(traffic->db, PA_DB_WRITE, &error);
		int result = -1;
		if (connection) {
			result =
				pa_archive_prune(connection, &traffic->options.limits, pa_clock_wall_ns() / NS_OF_MS, &more, &error);
			pa_db_return(connection);
		}
		if (result < 0) {
			fail(traffic, &error);
			return;
		}
	}
}

static void *run(void *context)
{
	struct pa_traffic *traffic = context;
	bool stop;

	traffic->paced_ms = pa_clock_ms();
	traffic->budget_ms = BURST_MS;
	do {
		stop = atomic_load(&traffic->stop); /* first: what was added before it is stored */
		store_all(traffic, pa_queue_take(&traffic->queue));
		prune(traffic);
		if (!stop)
			pa_bell_wait(traffic->bell, PRUNE_MS);
	} while (!stop);
	return NULL;
}

/* Opening and closing */

static int open_database(struct pa_traffic *traffic, const char *url, struct pa_error *error)
{
	struct pa_error why = {0};

	traffic->db = pa_archive_open(url, &why);
	if (!traffic->db) {
		pa_log(PA_LOG_WARN, traffic->options.name, NULL,
			"exchanges are kept in memory, until the stop: their database cannot be opened", "error", why.text, NULL);
		url = IN_MEMORY;
		traffic->db = pa_archive_open(url, error);
	}
	traffic->place = strdup(url);
	if (!traffic->place)
		return pa_error_set(error, "memory", "not enough memory");
	return traffic->db ? 0 : -1;
}

struct pa_traffic *pa_traffic_open(const struct pa_traffic_options *options, struct pa_error *error)
{
	struct pa_traffic *traffic = calloc(1, sizeof *traffic);

	if (!traffic) {
		pa_error_set(error, "memory", "not enough memory");
		return NULL;
	}
	traffic->options = *options;
	traffic->options.database = NULL;
	traffic->bell = pa_bell_open();
	if (!traffic->bell) {
		pa_error_set(error, "memory", "not enough memory");
		goto failed;
	}
	if (open_database(traffic, options->database, error) < 0)
		goto failed;
	if (pthread_create(&traffic->thread, NULL, run, traffic) != 0) {
		pa_error_set(error, "memory", "no thread to store exchanges");
		goto failed;
	}
	traffic->has_thread = true;
	return traffic;

failed:
	pa_traffic_close(traffic);
	return NULL;
}

void pa_traffic_add(struct pa_traffic *traffic, const struct pa_entry *entry)
{
	if (traffic && pa_queue_add(&traffic->queue, entry) > 0)
		pa_bell_ring(traffic->bell);
}

struct pa_db *pa_traffic_db(const struct pa_traffic *traffic)
{
	return traffic->db;
}

const char *pa_traffic_place(const struct pa_traffic *traffic)
{
	return traffic->place;
}

size_t pa_traffic_waiting(const struct pa_traffic *traffic)
{
	return atomic_load(&traffic->queue.entries);
}

unsigned long pa_traffic_dropped(const struct pa_traffic *traffic)
{
	return atomic_load(&traffic->queue.dropped);
}

void pa_traffic_close(struct pa_traffic *traffic)
{
	if (!traffic)
		return;
	if (traffic->has_thread) {
		atomic_store(&traffic->stop_ms, pa_clock_ms() + CLOSE_MS);
		atomic_store(&traffic->stop, true);
		pa_bell_ring(traffic->bell);
		pthread_join(traffic->thread, NULL);
	}
	pa_bell_close(traffic->bell);
	pa_db_close(traffic->db);
	pa_redact_free(&traffic->redact);
	free(traffic->place);
	free(traffic);
}
