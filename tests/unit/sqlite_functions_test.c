/* The functions that replace SQLite's own give the results of SQLite's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_functions.h"
#include "store/sqlite_json.h"
#include "store/sqlite_limit.h"

enum { ROUNDS = 20000, ARGUMENTS = 3, LENGTH = 12 };

static sqlite3 *own, *original;
static struct pa_sqlite_limit limit;

static int set_up(void **state)
{
	(void)state;
	return sqlite3_open(":memory:", &own) == SQLITE_OK && sqlite3_open(":memory:", &original) == SQLITE_OK &&
				   pa_sqlite_functions_add(own, &limit) == 0 && pa_sqlite_json_add(own, &limit) == 0
			   ? 0
			   : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return sqlite3_close(own) == SQLITE_OK && sqlite3_close(original) == SQLITE_OK ? 0 : -1;
}

static uint64_t seed = 1;

static unsigned below(unsigned count)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(seed >> 33) % count;
}

struct value {
	int type;
	char bytes[8 * LENGTH];
	int length;
};

/* A few letters, so that values match each other often; with whole, cut and broken characters of UTF-8, and NUL. */
static struct value random_value(const char *const *pieces, unsigned count)
{
	static const int types[] = {SQLITE_TEXT, SQLITE_TEXT, SQLITE_TEXT, SQLITE_TEXT, SQLITE_TEXT, SQLITE_TEXT,
		SQLITE_BLOB, SQLITE_BLOB, SQLITE_NULL, SQLITE_INTEGER};
	struct value value = {.type = types[below(10)]};

	for (unsigned left = below(LENGTH); left > 0; left--) {
		const char *piece = pieces[below(count)];
		size_t length = *piece ? strlen(piece) : 1;
		memcpy(value.bytes + value.length, piece, length);
		value.length += (int)length;
	}
	return value;
}

static void bind(sqlite3_stmt *statement, int index, const struct value *value)
{
	switch (value->type) {
	case SQLITE_TEXT:
		sqlite3_bind_text(statement, index, value->bytes, value->length, SQLITE_STATIC);
		break;
	case SQLITE_BLOB:
		sqlite3_bind_blob(statement, index, value->bytes, value->length, SQLITE_STATIC);
		break;
	case SQLITE_INTEGER:
		sqlite3_bind_int(statement, index, value->length);
		break;
	default:
		sqlite3_bind_null(statement, index);
	}
}

struct answer {
	int type, length;
	char *bytes;
};

static struct answer ask(sqlite3 *handle, sqlite3_stmt *statement, const struct value *values, int count)
{
	struct answer answer = {0};

	sqlite3_reset(statement);
	for (int i = 0; i < count; i++)
		bind(statement, i + 1, &values[i]);
	bool fine = sqlite3_step(statement) == SQLITE_ROW;
	answer.type = fine ? sqlite3_column_type(statement, 0) : -1;
	const char *bytes = fine ? (const char *)sqlite3_column_blob(statement, 0) : sqlite3_errmsg(handle);
	answer.length = fine ? sqlite3_column_bytes(statement, 0) : (int)strlen(bytes);
	answer.bytes = malloc((size_t)answer.length + 1);
	assert_non_null(answer.bytes);
	if (answer.length > 0)
		memcpy(answer.bytes, bytes, (size_t)answer.length);
	answer.bytes[answer.length] = '\0';
	return answer;
}

static void compare(const char *sql, int count, const char *const *pieces, unsigned piece_count)
{
	sqlite3_stmt *statements[2];

	assert_int_equal(sqlite3_prepare_v2(own, sql, -1, &statements[0], NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(original, sql, -1, &statements[1], NULL), SQLITE_OK);
	for (int round = 0; round < ROUNDS; round++) {
		struct value values[ARGUMENTS];
		for (int i = 0; i < count; i++)
			values[i] = random_value(pieces, piece_count);
		struct answer mine = ask(own, statements[0], values, count);
		struct answer theirs = ask(original, statements[1], values, count);
		if (mine.type != theirs.type || mine.length != theirs.length ||
			memcmp(mine.bytes, theirs.bytes, (size_t)mine.length) != 0)
			fail_msg("%s, round %d: %d '%s', SQLite %d '%s' ('%s' '%s')", sql, round, mine.type, mine.bytes,
				theirs.type, theirs.bytes, values[0].bytes, values[1].bytes);
		free(mine.bytes);
		free(theirs.bytes);
	}
	sqlite3_finalize(statements[0]);
	sqlite3_finalize(statements[1]);
}

#define COMPARE(sql, count, pieces) compare(sql, count, pieces, sizeof pieces / sizeof *pieces)

static void SBX_08_strings_are_found_replaced_and_trimmed_as_SQLite_does(void **state)
{
	static const char *const pieces[] = {
		"a", "b", "a", "aa", "", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xa9", "\x80", "\xc3", "\xff"};

	(void)state;
	COMPARE("SELECT instr(?, ?)", 2, pieces);
	COMPARE("SELECT replace(?, ?, ?)", 3, pieces);
	COMPARE("SELECT trim(?, ?)", 2, pieces);
	COMPARE("SELECT ltrim(?, ?)", 2, pieces);
	COMPARE("SELECT rtrim(?, ?)", 2, pieces);
	COMPARE("SELECT trim(?)", 1, pieces);
	COMPARE("SELECT ltrim(?)", 1, pieces);
	COMPARE("SELECT rtrim(?)", 1, pieces);
}

static void SBX_08_patterns_match_as_SQLite_does(void **state)
{
	static const char *const pieces[] = {"a", "A", "b", "%", "_", "%", "*", "?", "[", "]", "[^a]", "[a-c]", "\\", "",
		"\xc3\xa9", "\xc3\x89", "\xe2\x82\xac", "\xa9", "\xc3"};
	static const char *const escapes[] = {"a", "%", "_", "\\", "\xc3\xa9", "b"};

	(void)state;
	COMPARE("SELECT ? LIKE ?", 2, pieces);
	COMPARE("SELECT ? GLOB ?", 2, pieces);
	COMPARE("SELECT ? LIKE ? ESCAPE ?", 3, pieces);
	COMPARE("SELECT ? LIKE ? ESCAPE substr(?, 1, 1)", 3, escapes);
	COMPARE("SELECT ? LIKE ? ESCAPE '%'", 2, pieces);
	COMPARE("SELECT ? LIKE ? ESCAPE '_'", 2, pieces);
}

static void SBX_08_JSON_is_changed_as_SQLite_does(void **state)
{
	static const char *const pieces[] = {"[", "]", "{", "}", "1", "\"a\":", ",", "null", "\"x\"", ".a", "[0]", "[#]"};
	static const char *const names[] = {"a", "b"};

	(void)state;
	COMPARE("SELECT json_set('{\"a\":[1]}', '$' || ?, ?)", 2, pieces);
	COMPARE("SELECT json_insert('{\"a\":[1]}', '$' || ?, ?)", 2, pieces);
	COMPARE("SELECT json_set(?, '$.a', ?)", 2, pieces);
	COMPARE("SELECT json_patch(?, ?)", 2, pieces);
	COMPARE("SELECT json_patch('{\"a\":1,\"b\":{\"c\":2}}', json_object(?, ?))", 2, names);
	COMPARE("SELECT json_set('{}', '$.' || ?, json_array(1, ?), '$.c', '[1]')", 2, names);
	COMPARE("SELECT json_array(json_set('{}', '$.' || ?, ?))", 2, names); /* the result is JSON, not a string */
	COMPARE("SELECT json_insert(?)", 1, pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SBX_08_strings_are_found_replaced_and_trimmed_as_SQLite_does),
		cmocka_unit_test(SBX_08_patterns_match_as_SQLite_does),
		cmocka_unit_test(SBX_08_JSON_is_changed_as_SQLite_does),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
