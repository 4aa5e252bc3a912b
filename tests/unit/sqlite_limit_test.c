/* Statements that would take minutes, gigabytes or the stack: each ends soon, and the connection works afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "store/db.h"

enum {
	LARGE = 4 << 20,       /* bytes of a parameter */
	SOON_MS = 20000,       /* of CPU: also under a sanitizer; without limits most of these take hours */
	STACK_BYTES = 1 << 20, /* of a worker */
};

static struct pa_db *db;

static int set_up(void **state)
{
	struct pa_error error = {0};

	(void)state;
	db = pa_db_open("sqlite::memory:", &error);
	return db ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	pa_db_close(db);
	return 0;
}

/* Runs an app's statement to its end. 0, or -1 with *error. */
static int run(struct pa_connection *connection, const char *sql, const struct pa_span *values, struct pa_error *error)
{
	struct pa_statement *statement = pa_statement_begin(connection, pa_text_span(sql), true, error);
	int result = 1;

	if (!statement)
		return -1;
	for (int i = 0; i < pa_statement_parameters(statement); i++) {
		const struct pa_value value = {.kind = PA_VALUE_TEXT, .bytes = values[i]};
		assert_int_equal(pa_statement_bind(statement, i + 1, &value), 0);
	}
	while (result > 0)
		result = pa_statement_step(statement, error);
	pa_statement_end(statement);
	return result;
}

/* The statement ends soon; with `code`, it is refused so. */
static void check_within(const char *sql, const struct pa_span *values, const char *code)
{
	struct pa_error error = {0};
	struct pa_connection *connection = pa_db_lease(db, PA_DB_WRITE, &error);

	assert_non_null(connection);
	int64_t begun = pa_clock_cpu_ms();
	int result = run(connection, sql, values, &error);
	int64_t took = pa_clock_cpu_ms() - begun;
	if (took > SOON_MS)
		fail_msg("%.100s: %d ms", sql, (int)took);
	if (code && (result == 0 || strcmp(error.code, code) != 0))
		fail_msg("%.100s: %s, not %s (%s)", sql, result == 0 ? "fine" : error.code, code, error.text);
	if (run(connection, "SELECT 1", NULL, &error) < 0)
		fail_msg("afterwards: %s", error.text);
	pa_db_return(connection);
}

/* `count` times `piece`, then `end`; the caller frees its `at`. */
static struct pa_span repeated(const char *piece, size_t count, const char *end)
{
	size_t each = strlen(piece), length = count * each + strlen(end);
	char *text = malloc(length + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * each, piece, each);
	strcpy(text + count * each, end);
	return (struct pa_span){text, length};
}

static void check_large(const char *sql, struct pa_span first, struct pa_span second)
{
	check_within(sql, (const struct pa_span[]){first, second}, NULL);
	free((char *)first.at);
	free((char *)second.at);
}

static void SBX_08_a_function_of_two_large_values_ends_soon(void **state)
{
	(void)state;
	check_large("SELECT instr(?, ?)", repeated("a", LARGE, ""), repeated("a", LARGE / 2, "b"));
	check_large("SELECT instr(?, ?)", repeated("\x80", LARGE, ""), repeated("\x80", LARGE / 2, "b"));
	check_large("SELECT replace(?, ?, '')", repeated("a", LARGE, ""), repeated("a", LARGE / 2, "b"));
	check_large("SELECT replace(?, 'a', ?)", repeated("a", LARGE, ""), repeated("b", LARGE, ""));
	check_large("SELECT trim(?, ?)", repeated("a", LARGE, ""), repeated("b", LARGE, "a"));
	check_large("SELECT rtrim(?, ?)", repeated("a", LARGE, ""), repeated("\xe2\x82\xac", LARGE / 3, "a"));
	check_large("SELECT ? LIKE ?", repeated("a", 900, "b"), repeated("a", LARGE, ""));
	check_large("SELECT ?2 LIKE ?1", repeated("%a", 400, "b"), repeated("a", LARGE, ""));
	check_large("SELECT ?2 GLOB ?1", repeated("*[^b]", 150, "b"), repeated("a", LARGE, ""));
	check_large("SELECT json_patch(?, ?)", repeated("[", 900, ""), repeated("a", LARGE, ""));
}

/* An object with `count` names. */
static struct pa_span object_of(int count, char begin)
{
	struct pa_buffer text = {0};

	assert_int_equal(pa_buffer_add(&text, "{", 1), 0);
	for (int i = 0; i < count; i++) {
		char name[32];
		int length = snprintf(name, sizeof name, "%s\"%c%d\":1", i ? "," : "", begin, i);
		assert_int_equal(pa_buffer_add(&text, name, (size_t)length), 0);
	}
	assert_int_equal(pa_buffer_add(&text, "}", 1), 0);
	return (struct pa_span){text.at, text.length};
}

/* SQLite's own function runs on another connection, whose error is told as it is. */
static void SBX_08_json_that_takes_too_much_memory_is_refused_so(void **state)
{
	struct pa_span array = repeated("1,", 7 << 20, "1]");
	const struct pa_span values[] = {array};

	(void)state;
	check_within("SELECT json_set('[' || ?, '$[0]', 2)", values, "too_long");
	free((char *)array.at);
}

static void SBX_08_two_large_objects_are_not_merged_for_hours(void **state)
{
	(void)state;
	check_large("SELECT json_patch(?, ?)", object_of(300000, 'a'), object_of(300000, 'b'));
}

static void SBX_08_a_statement_of_many_slow_calls_ends_soon(void **state)
{
	struct pa_span large = repeated("a", LARGE, ""), needle = repeated("a", 100, "b");
	const struct pa_span values[] = {large, needle};

	(void)state;
	check_within("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 100000000)"
				 " SELECT sum(instr(?1, ?2) + length(upper(?1))) FROM c",
		values, "too_long");
	check_within("WITH RECURSIVE c(x, n) AS (SELECT ?1, ?2 UNION ALL SELECT replace(x, 'a', 'aa'), n FROM c LIMIT 30)"
				 " SELECT count(*) FROM c a, c b, c d, c e, c f WHERE a.x < b.x OR d.x = f.x",
		values, NULL);
	struct pa_span sum = repeated("instr(?1, ?2) OR ", 10000, "0"), sql = {0};
	char *text = malloc(sum.length + 16);
	assert_non_null(text);
	sql.length = (size_t)sprintf(text, "SELECT %s", sum.at);
	check_within(text, values, NULL); /* nested too deeply for SQLite */
	for (size_t at = 0; at + 4 < sql.length; at++)
		if (memcmp(text + at, " OR ", 4) == 0)
			memcpy(text + at, " ,  ", 4);
	check_within(text, values, NULL); /* too many columns */
	free(text);
	free((char *)sum.at);
	free((char *)large.at);
	free((char *)needle.at);
}

/* WITH a0 AS (…), a1 AS (SELECT … FROM a0) …; each step is built from `step`. */
static char *chain(int length, const char *step)
{
	size_t size = 200 + (size_t)length * (strlen(step) + 40), used;
	char *sql = malloc(size);

	assert_non_null(sql);
	used = (size_t)snprintf(sql, size, "WITH a0(x) AS (SELECT abs(random()) LIMIT 1)");
	for (int i = 1; i < length; i++)
		used += (size_t)snprintf(sql + used, size - used, step, i, i - 1);
	snprintf(sql + used, size - used, " SELECT x FROM a%d", length - 1);
	return sql;
}

static void SBX_08_a_statement_that_doubles_while_it_is_prepared_is_refused(void **state)
{
	char *sql = chain(60, ", a%d(x) AS (SELECT x + x FROM a%d)");

	(void)state;
	check_within(sql, NULL, "too_long");
	free(sql);
}

static void *run_deep(void *sql)
{
	check_within(sql, NULL, "syntax");
	return NULL;
}

static void SBX_10_a_statement_that_nests_too_deeply_does_not_overflow_the_stack(void **state)
{
	char *sql = chain(5000, ", a%d(x) AS (SELECT x FROM a%d LIMIT 5)");
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attributes, run_deep, sql), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
	free(sql);
}

static void *set_deep(void *path)
{
	const struct pa_span *values = path;

	check_within("SELECT json_set('{}', ?, 1)", values, "syntax");
	check_within("SELECT json_insert('{}', ?, 1)", values, "syntax");
	return NULL;
}

static void SBX_10_a_path_into_JSON_does_not_overflow_the_stack(void **state)
{
	struct pa_span steps = repeated(".a", 200000, ""), path;
	char *text = malloc(steps.length + 2);
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	assert_non_null(text);
	path = (struct pa_span){text, (size_t)sprintf(text, "$%s", steps.at)};
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &attributes, set_deep, &path), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
	free(text);
	free((char *)steps.at);
}

static void SBX_08_an_app_s_migration_ends_too(void **state)
{
	struct pa_error error = {0};
	struct pa_connection *connection = pa_db_lease(db, PA_DB_WRITE, &error);

	(void)state;
	assert_non_null(connection);
	assert_int_equal(
		pa_connection_run(connection,
			"CREATE TABLE fine (n);\n-- a comment\nINSERT INTO fine VALUES (1); ; /* the end */", true, &error),
		0);
	assert_int_equal(
		pa_connection_run(connection, "INSERT INTO fine VALUES (2); INSERT INTO nowhere VALUES (1)", true, &error), -1);
	assert_string_equal(error.code, "syntax");
	struct pa_span many = repeated("INSERT INTO fine VALUES (1);", 20000, ""); /* longer than one statement may be */
	assert_int_equal(pa_connection_begin(connection, &error), 0);
	assert_int_equal(pa_connection_run(connection, many.at, true, &error), 0);
	assert_int_equal(pa_connection_commit(connection, &error), 0);
	free((char *)many.at);
	char *sql = chain(60, ", a%d(x) AS (SELECT x + x FROM a%d)");
	assert_int_equal(pa_connection_run(connection, sql, true, &error), -1);
	assert_string_equal(error.code, "too_long");
	free(sql);
	pa_db_return(connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SBX_08_a_function_of_two_large_values_ends_soon),
		cmocka_unit_test(SBX_08_json_that_takes_too_much_memory_is_refused_so),
		cmocka_unit_test(SBX_08_two_large_objects_are_not_merged_for_hours),
		cmocka_unit_test(SBX_08_a_statement_of_many_slow_calls_ends_soon),
		cmocka_unit_test(SBX_08_a_statement_that_doubles_while_it_is_prepared_is_refused),
		cmocka_unit_test(SBX_10_a_statement_that_nests_too_deeply_does_not_overflow_the_stack),
		cmocka_unit_test(SBX_10_a_path_into_JSON_does_not_overflow_the_stack),
		cmocka_unit_test(SBX_08_an_app_s_migration_ends_too),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
