/* The queue, the thread and the database of exchanges. */
#include "traffic/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/stats.h"
#include "traffic/queue.h"

struct fixture {
	char folder[32], path[64], url[96];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	pa_log_open(PA_LOG_OFF, PA_LINE_JSON);
	strcpy(fixture->folder, "/tmp/traffic_test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/app.traffic.db", fixture->folder);
	snprintf(fixture->url, sizeof fixture->url, "sqlite-words:%s", fixture->path);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -r %s", fixture->folder);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static struct pa_traffic *open_traffic(const char *url)
{
	struct pa_error error = {0};
	struct pa_traffic *traffic =
		pa_traffic_open(&(struct pa_traffic_options){.name = "app", .database = url, .limits = {64 << 20, 7}}, &error);

	if (!traffic)
		fail_msg("%s", error.text);
	return traffic;
}

/* An exchange that began now. */
static struct pa_entry entry_of(const char *url, const char *body)
{
	struct pa_entry entry = {.status = 200, .at_ns = pa_clock_wall_ns(), .took_ns = 1000};

	entry.texts[PA_ENTRY_METHOD] = pa_text_span("GET");
	entry.texts[PA_ENTRY_URL] = pa_text_span(url);
	entry.texts[PA_ENTRY_OUTCOME] = pa_text_span("answered");
	entry.texts[PA_ENTRY_RESPONSE_BODY] = pa_text_span(body);
	return entry;
}

/* The first integer that a query gives. */
static int64_t number(struct pa_db *db, const char *sql)
{
	struct pa_error error = {0};
	struct pa_connection *connection = pa_db_lease(db, PA_DB_READ, &error);
	assert_non_null(connection);
	struct pa_statement *statement = pa_statement_begin(connection, pa_text_span(sql), false, &error);
	if (!statement || pa_statement_step(statement, &error) != 1)
		fail_msg("%s: %s", sql, error.text);
	int64_t result = pa_statement_column(statement, 0).integer;
	pa_statement_end(statement);
	pa_db_return(connection);
	return result;
}

/* How many exchanges a search finds. */
static int64_t found(struct pa_db *db, const char *text)
{
	int64_t count = 0, last = number(db, "SELECT max(n) FROM shelves");
	char sql[256];

	for (int64_t n = number(db, "SELECT min(n) FROM shelves"); n <= last; n++) {
		snprintf(sql, sizeof sql,
			"SELECT count(*) FROM words_%d CROSS JOIN exchanges ON id = words_%d.rowid WHERE words_%d MATCH '\"%s\"'",
			(int)n, (int)n, (int)n, text);
		count += number(db, sql);
	}
	return count;
}

static void wait_until_stored(struct pa_traffic *traffic)
{
	while (pa_traffic_waiting(traffic) > 0)
		usleep(1000);
}

/* Whether the bytes are in a file of the folder. */
static bool is_in_files(const struct fixture *fixture, const char *text)
{
	char command[256];

	snprintf(command, sizeof command, "grep -raqF -- '%s' %s", text, fixture->folder);
	return system(command) == 0;
}

/* The queue */

static void the_queue_is_bounded_in_number(void **state)
{
	static struct pa_queue queue;
	struct pa_entry entry = entry_of("/", "");

	(void)state;
	assert_int_equal(pa_queue_add(&queue, &entry), 1);
	for (int i = 1; i < PA_QUEUE_ENTRIES_MAX; i++)
		assert_int_equal(pa_queue_add(&queue, &entry), 0);
	long before = pa_stats_read(PA_STAT_TRAFFIC_DROPPED);
	assert_int_equal(pa_queue_add(&queue, &entry), -1);
	assert_int_equal(queue.dropped, 1);
	assert_int_equal(pa_stats_read(PA_STAT_TRAFFIC_DROPPED) - before, 1);
	struct pa_entry *list = pa_queue_take(&queue);
	assert_null(pa_queue_take(&queue));
	assert_int_equal(pa_queue_add(&queue, &entry), -1); /* those that are being stored count too */
	int count = 0;
	for (struct pa_entry *next; list; list = next, count++) {
		next = list->next;
		pa_queue_done(&queue, list, true);
	}
	assert_int_equal(count, PA_QUEUE_ENTRIES_MAX);
	assert_int_equal(queue.entries, 0);
	assert_int_equal(queue.bytes, 0);
	assert_int_equal(pa_queue_add(&queue, &entry), 1);
	pa_queue_done(&queue, pa_queue_take(&queue), false);
	assert_int_equal(queue.dropped, 3);
}

static void the_queue_is_bounded_in_bytes(void **state)
{
	static struct pa_queue queue;
	static char body[1 << 20];
	struct pa_entry entry = entry_of("/", "");
	int count = 0;

	(void)state;
	entry.texts[PA_ENTRY_REQUEST_BODY] = entry.texts[PA_ENTRY_RESPONSE_BODY] = (struct pa_span){body, sizeof body};
	while (pa_queue_add(&queue, &entry) >= 0)
		count++;
	assert_in_range(queue.bytes, PA_QUEUE_BYTES_MAX, PA_QUEUE_BYTES_MAX + (1 << 20));
	assert_in_range(count, 20, 40); /* of a body, 264 KiB are copied */
	for (struct pa_entry *list = pa_queue_take(&queue), *next; list; list = next) {
		next = list->next;
		assert_int_equal(list->request_size, sizeof body);
		pa_queue_done(&queue, list, true);
	}
	assert_int_equal(queue.bytes, 0);
}

static void the_queue_gives_the_oldest_first(void **state)
{
	static struct pa_queue queue;
	char url[16];

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(url, sizeof url, "/%d", i);
		struct pa_entry entry = entry_of(url, "");
		pa_queue_add(&queue, &entry);
	}
	struct pa_entry *list = pa_queue_take(&queue);
	for (int i = 0; i < 5; i++) {
		struct pa_entry *next = list->next;
		snprintf(url, sizeof url, "/%d", i);
		assert_true(pa_text_equal(list->texts[PA_ENTRY_URL], pa_text_span(url)));
		pa_queue_done(&queue, list, true);
		list = next;
	}
}

/* The thread */

enum { THREADS = 4, EACH = 50 };

static void *add_many(void *context)
{
	for (int i = 0; i < EACH; i++) {
		struct pa_entry entry = entry_of("/many", "a body");
		pa_traffic_add(context, &entry);
	}
	return NULL;
}

static void entries_of_many_threads_are_stored(void **state)
{
	const struct fixture *fixture = *state;
	struct pa_traffic *traffic = open_traffic(fixture->url);
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, traffic), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wait_until_stored(traffic);
	assert_int_equal(pa_traffic_dropped(traffic), 0);
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT count(*) FROM exchanges"), THREADS * EACH);
	assert_int_equal(found(pa_traffic_db(traffic), "bod"), THREADS * EACH);
	pa_traffic_close(traffic);
}

/* The thread takes all three together, for it waits for the connection meanwhile. */
static void one_that_cannot_be_stored_takes_no_other_with_it(void **state)
{
	static char head[17 << 20]; /* more than a value of the database may have */
	const struct fixture *fixture = *state;
	struct pa_traffic *traffic = open_traffic(fixture->url);
	struct pa_entry fine = entry_of("/fine", ""), bad = entry_of("/bad", "");
	struct pa_error error;
	struct pa_connection *writer = pa_db_lease(pa_traffic_db(traffic), PA_DB_WRITE, &error);

	assert_non_null(writer);
	memset(head, 'a', sizeof head);
	bad.texts[PA_ENTRY_RESPONSE_HEAD] = (struct pa_span){head, sizeof head};
	pa_traffic_add(traffic, &fine); /* wakes the thread */
	pa_traffic_add(traffic, &fine);
	pa_traffic_add(traffic, &fine);
	pa_traffic_add(traffic, &bad); /* and fills the queue */
	pa_db_return(writer);
	wait_until_stored(traffic);
	assert_int_equal(pa_traffic_dropped(traffic), 1);
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT count(*) FROM exchanges WHERE url = '/fine'"), 3);
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT count(*) FROM exchanges"), 3);
	pa_traffic_close(traffic);
}

static void exchanges_are_there_after_a_restart(void **state)
{
	const struct fixture *fixture = *state;
	struct pa_traffic *traffic = open_traffic(fixture->url);
	struct pa_entry entry = entry_of("/first", "");
	struct stat status;

	pa_traffic_add(traffic, &entry);
	pa_traffic_close(traffic); /* stores what waits */
	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	traffic = open_traffic(fixture->url);
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT count(*) FROM exchanges WHERE url = '/first'"), 1);
	entry = entry_of("/second", "");
	pa_traffic_add(traffic, &entry);
	wait_until_stored(traffic);
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT max(id) FROM exchanges"), 2);
	pa_traffic_close(traffic);
}

static void without_a_file_they_are_kept_in_memory(void **state)
{
	const struct fixture *fixture = *state;
	char url[160];

	snprintf(url, sizeof url, "sqlite-words:%s/file/app.db", fixture->path);
	FILE *file = fopen(fixture->path, "w"); /* a file in the place of a folder */
	assert_non_null(file);
	fclose(file);
	struct pa_traffic *traffic = open_traffic(url);
	struct pa_entry entry = entry_of("/first", "");
	pa_traffic_add(traffic, &entry);
	wait_until_stored(traffic);
	assert_string_equal(pa_traffic_place(traffic), "sqlite-words::memory:");
	assert_int_equal(number(pa_traffic_db(traffic), "SELECT count(*) FROM exchanges"), 1);
	pa_traffic_close(traffic);
}

static void a_damaged_file_is_left_alone(void **state)
{
	const struct fixture *fixture = *state;
	char text[64] = {0};

	FILE *file = fopen(fixture->path, "w");
	assert_non_null(file);
	fputs("this is not a database, but somebody's notes, of more than a hundred bytes, so that SQLite reads a header",
		file);
	fclose(file);
	struct pa_traffic *traffic = open_traffic(fixture->url);
	assert_string_equal(pa_traffic_place(traffic), "sqlite-words::memory:");
	pa_traffic_close(traffic);
	file = fopen(fixture->path, "r");
	assert_int_equal(fread(text, 1, 22, file), 22);
	fclose(file);
	assert_string_equal(text, "this is not a database");
}

static void LG_01_no_secret_is_in_the_files(void **state)
{
	const struct fixture *fixture = *state;
	struct pa_traffic *traffic = open_traffic(fixture->url);
	struct pa_entry entry = entry_of(
		"/cb?code=canary-code&state=canary-state", "{\"access_token\":\"canary-token\",\"kept\":\"kept-value\"}");

	pa_mask_add("canary-setting", 14);
	entry.texts[PA_ENTRY_REQUEST_HEAD] = pa_text_span("Authorization: Bearer canary-bearer\nX-A: canary-setting\n");
	entry.texts[PA_ENTRY_REQUEST_BODY] = pa_text_span("Y2FuYXJ5LXNldHRpbmc= canary%2Dsetting");
	for (int i = 0; i < 50; i++)
		pa_traffic_add(traffic, &entry);
	wait_until_stored(traffic);
	assert_true(is_in_files(fixture, "kept-value"));
	for (int closed = 0; closed < 2; closed++) { /* with the write-ahead log, and without */
		assert_false(is_in_files(fixture, "canary"));
		assert_false(is_in_files(fixture, "Y2FuYXJ5LXNldHRpb"));
		pa_traffic_close(traffic);
		traffic = NULL;
	}
}

/* The archive */

static void store(struct pa_connection *connection, const struct pa_archive_limits *limits, const char *url,
	int64_t at_ms, const char *body)
{
	struct pa_entry entry = entry_of(url, body);
	struct pa_archive_row row = {.entry = &entry};
	struct pa_error error = {0};
	int64_t shelf;

	entry.at_ns = at_ms * 1000000;
	memcpy(row.texts, entry.texts, sizeof row.texts);
	if (pa_connection_begin(connection, &error) < 0 ||
		pa_archive_shelf(connection, limits, at_ms, &shelf, &error) < 0 ||
		pa_archive_store(connection, shelf, &row, &error) < 0 || pa_connection_commit(connection, &error) < 0)
		fail_msg("%s", error.text);
}

static void prune(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms)
{
	struct pa_error error = {0};
	bool more = true;

	while (more)
		if (pa_archive_prune(connection, limits, now_ms, &more, &error) < 0)
			fail_msg("%s", error.text);
}

static struct pa_db *open_archive(const struct fixture *fixture)
{
	struct pa_error error = {0};
	struct pa_db *db = pa_archive_open(fixture->url, &error);

	if (!db)
		fail_msg("%s", error.text);
	return db;
}

static const int64_t DAY_MS = (int64_t)24 * 3600 * 1000;

static void old_exchanges_are_deleted(void **state)
{
	const struct fixture *fixture = *state;
	const struct pa_archive_limits limits = {1 << 30, 7};
	struct pa_db *db = open_archive(fixture);
	struct pa_connection *connection = pa_db_lease(db, PA_DB_WRITE, NULL);
	char url[32];

	for (int i = 0; i < 400; i++) {
		snprintf(url, sizeof url, "/%d", i);
		store(connection, &limits, url, i < 350 ? DAY_MS : 3 * DAY_MS, i < 350 ? "an-old-body" : "a-new-body");
	}
	assert_int_equal(number(db, "SELECT count(*) FROM shelves"), 2); /* one a day */
	assert_int_equal(found(db, "old-body"), 350);
	prune(connection, &limits, 9 * DAY_MS);
	pa_connection_wipe(connection, NULL);
	assert_int_equal(number(db, "SELECT count(*) FROM shelves"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM exchanges"), 50);
	assert_int_equal(number(db, "SELECT count(*) FROM parts"), 50);
	assert_int_equal(found(db, "new-body"), 50);
	assert_int_equal(found(db, "old-body"), 0);
	assert_false(is_in_files(fixture, "an-old-body"));
	prune(connection, &limits, 90 * DAY_MS);
	assert_int_equal(number(db, "SELECT count(*) FROM shelves"), 0);
	store(connection, &limits, "/again", 90 * DAY_MS, "an-old-body");
	assert_int_equal(found(db, "old-body"), 1);
	assert_int_equal(number(db, "SELECT max(id) FROM exchanges"), 401);
	pa_db_return(connection);
	pa_db_close(db);
}

static void the_oldest_are_deleted_beyond_the_size(void **state)
{
	const struct fixture *fixture = *state;
	struct pa_db *db = open_archive(fixture);
	struct pa_connection *connection = pa_db_lease(db, PA_DB_WRITE, NULL);
	const struct pa_archive_limits limits = {2 << 20, 7};
	static char body[4 << 10];
	struct stat status;

	for (size_t at = 0; at < 5; at++)
		body[at] = "every"[at];
	for (int i = 0; i < 400; i++) {
		for (size_t at = 5; at + 1 < sizeof body; at++)
			body[at] = (char)('a' + rand() % 26);
		store(connection, &limits, "/x", DAY_MS, body);
		if (i % 20 == 19)
			prune(connection, &limits, DAY_MS);
	}
	pa_connection_wipe(connection, NULL);
	pa_db_return(connection);
	int64_t count = number(db, "SELECT count(*) FROM exchanges");
	assert_in_range(count, 40, 300);
	assert_int_equal(number(db, "SELECT min(id) FROM exchanges"), 400 - count + 1); /* the newest ones, all of them */
	assert_int_equal(found(db, "every"), count);
	assert_int_equal(stat(fixture->path, &status), 0);
	assert_in_range(status.st_size, 1 << 20, 4 << 20); /* twenty more were stored before each pruning */
	pa_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queue_is_bounded_in_number),
		cmocka_unit_test(the_queue_is_bounded_in_bytes),
		cmocka_unit_test(the_queue_gives_the_oldest_first),
		cmocka_unit_test_setup_teardown(entries_of_many_threads_are_stored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_stored_takes_no_other_with_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exchanges_are_there_after_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_file_they_are_kept_in_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(LG_01_no_secret_is_in_the_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_exchanges_are_deleted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_are_deleted_beyond_the_size, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
