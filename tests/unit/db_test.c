/* Leases of a database whose SQLite has no memory left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/db.h"

static sqlite3_mem_methods memory;
static bool out_of_memory;

static void *allocate(int size)
{
	return out_of_memory ? NULL : memory.xMalloc(size);
}

static void *reallocate(void *block, int size)
{
	return out_of_memory ? NULL : memory.xRealloc(block, size);
}

static int with_memory(void **state)
{
	(void)state;
	out_of_memory = false; /* also when an earlier case failed without it */
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	sqlite3_mem_methods limited;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
		return -1;
	limited = memory;
	limited.xMalloc = allocate;
	limited.xRealloc = reallocate;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &limited) == SQLITE_OK &&
				   sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK
			   ? 0
			   : -1;
}

static void run(struct pa_connection *connection, const char *sql)
{
	struct pa_error error = {0};

	if (pa_connection_run(connection, sql, false, &error) < 0)
		fail_msg("%s: %s", sql, error.text);
}

/* The only value that the statement gives. */
static int64_t number(struct pa_connection *connection, const char *sql)
{
	struct pa_error error = {0};
	struct pa_statement *statement = pa_statement_begin(connection, pa_text_span(sql), false, &error);

	assert_non_null(statement);
	assert_int_equal(pa_statement_step(statement, &error), 1);
	int64_t value = pa_statement_column(statement, 0).integer;
	pa_statement_end(statement);
	return value;
}

static struct pa_connection *lease(struct pa_db *db, enum pa_db_access access)
{
	struct pa_error error = {0};
	struct pa_connection *connection = pa_db_lease(db, access, &error);

	if (!connection)
		fail_msg("%s", error.text);
	return connection;
}

/* Leaves the writer inside a transaction: a roll back needs memory. */
static void fail_to_roll_back(struct pa_db *db)
{
	struct pa_error error = {0};
	struct pa_connection *writer = lease(db, PA_DB_WRITE);

	assert_int_equal(pa_connection_begin(writer, &error), 0);
	run(writer, "INSERT INTO seats VALUES (1)");
	out_of_memory = true;
	pa_connection_roll_back(writer);
	assert_true(pa_connection_in_transaction(writer));
	pa_db_return(writer);
}

static void check_roll_back(const char *url)
{
	struct pa_error error = {0};
	struct pa_db *db = pa_db_open(url, &error);

	assert_non_null(db);
	struct pa_connection *writer = lease(db, PA_DB_WRITE);
	run(writer, "CREATE TABLE seats (number INTEGER)");
	pa_db_return(writer);
	fail_to_roll_back(db);

	assert_null(pa_db_lease_free(db, PA_DB_WRITE));
	assert_null(pa_db_lease(db, PA_DB_WRITE, &error));
	assert_true(error.text[0] != '\0');

	out_of_memory = false;
	assert_null(pa_db_lease_free(db, PA_DB_WRITE)); /* it does not wait, and a roll back may */
	writer = lease(db, PA_DB_WRITE);
	assert_false(pa_connection_in_transaction(writer));
	run(writer, "INSERT INTO seats VALUES (2)");
	pa_db_return(writer);

	struct pa_connection *reader = lease(db, PA_DB_READ);
	assert_int_equal(number(reader, "SELECT sum(number) FROM seats"), 2);
	pa_db_return(reader);
	pa_db_close(db);
}

static void ST_13_a_roll_back_without_memory_is_tried_again_by_the_next_lease(void **state)
{
	(void)state;
	char folder[] = "/tmp/db_test.XXXXXX", path[64], url[80];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/partnerapp.db", folder);
	snprintf(url, sizeof url, "sqlite:%s", path);
	check_roll_back(url);
	unlink(path);
	assert_int_equal(rmdir(folder), 0); /* the write-ahead log is gone too */
}

static void ST_13_a_database_in_memory_is_kept_too(void **state)
{
	(void)state;
	check_roll_back("sqlite::memory:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ST_13_a_roll_back_without_memory_is_tried_again_by_the_next_lease, with_memory),
		cmocka_unit_test_setup(ST_13_a_database_in_memory_is_kept_too, with_memory),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
