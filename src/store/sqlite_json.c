/* Calls SQLite's own JSON functions, whose names are taken on the connection, on another connection. */
#include "store/sqlite_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "store/sqlite_limit.h"

enum {
	PATH_MAX_BYTES = 1000, /* each step of a path is a nested call */
	MERGE_MAX = 1 << 30,   /* the product of both lengths: less than a second */
	JSON_SUBTYPE = 'J',    /* marks a value that a JSON function has made */
};

#define IN_MEMORY ":memory:"

/* The connection on which SQLite's functions are not replaced: opened by the first call. */
struct original {
	sqlite3 *handle;
	struct pa_sqlite_limit *limit;
	unsigned users; /* functions that share it */
};

static void release(void *context)
{
	struct original *original = context;

	if (--original->users > 0)
		return;
	sqlite3_close(original->handle);
	free(original);
}

static bool open_original(struct original *original)
{
	if (original->handle)
		return true;
	if (sqlite3_open_v2(IN_MEMORY, &original->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		return true;
	sqlite3_close(original->handle);
	original->handle = NULL;
	return false;
}

/* "SELECT name(?,json(?))": a value that a JSON function has made is JSON, any other a string. NULL without memory. */
static char *call_of(const char *name, int count, sqlite3_value **values)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendf(sql, "SELECT %s(", name);
	for (int i = 0; i < count; i++) {
		bool json = sqlite3_value_subtype(values[i]) == JSON_SUBTYPE;
		sqlite3_str_appendf(sql, "%s%s", i == 0 ? "" : ",", json ? "json(?)" : "?");
	}
	sqlite3_str_appendchar(sql, 1, ')');
	return sqlite3_str_finish(sql);
}

/* Gives the other connection's error to the statement that calls, with its code. */
static void fail(sqlite3_context *context, sqlite3 *handle)
{
	int code = sqlite3_errcode(handle);

	if (code == SQLITE_NOMEM) {
		sqlite3_result_error_nomem(context);
		return;
	}
	sqlite3_result_error(context, sqlite3_errmsg(handle), -1);
	sqlite3_result_error_code(context, code);
}

static void run(sqlite3_context *context, sqlite3 *handle, sqlite3_stmt *statement)
{
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		sqlite3_result_value(context, sqlite3_column_value(statement, 0));
		if (sqlite3_column_type(statement, 0) == SQLITE_TEXT)
			sqlite3_result_subtype(context, JSON_SUBTYPE);
		break;
	default:
		fail(context, handle);
		break;
	}
}

static void call(sqlite3_context *context, const char *name, int count, sqlite3_value **values)
{
	struct original *original = sqlite3_user_data(context);
	sqlite3_stmt *statement = NULL;

	if (pa_sqlite_limit_is_over(original->limit)) {
		sqlite3_result_error_code(context, SQLITE_INTERRUPT);
		return;
	}
	char *sql = open_original(original) ? call_of(name, count, values) : NULL;
	if (!sql) {
		sqlite3_result_error_nomem(context);
		return;
	}
	sqlite3 *handle = original->handle;
	sqlite3_limit(
		handle, SQLITE_LIMIT_LENGTH, sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
	bool fine = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK;
	for (int i = 0; fine && i < count; i++)
		fine = sqlite3_bind_value(statement, i + 1, values[i]) == SQLITE_OK;
	if (fine)
		run(context, handle, statement);
	else
		fail(context, handle);
	sqlite3_finalize(statement);
	sqlite3_free(sql);
}

/* False when a path is too long; then the call has its result. */
static bool check_paths(sqlite3_context *context, int count, sqlite3_value **values)
{
	for (int i = 1; i < count; i += 2)
		if (sqlite3_value_bytes(values[i]) > PATH_MAX_BYTES) {
			sqlite3_result_error(context, "a JSON path is longer than 1000 bytes", -1);
			return false;
		}
	return true;
}

static void json_set(sqlite3_context *context, int count, sqlite3_value **values)
{
	if (check_paths(context, count, values))
		call(context, "json_set", count, values);
}

static void json_insert(sqlite3_context *context, int count, sqlite3_value **values)
{
	if (check_paths(context, count, values))
		call(context, "json_insert", count, values);
}

static void json_patch(sqlite3_context *context, int count, sqlite3_value **values)
{
	if ((int64_t)sqlite3_value_bytes(values[0]) * sqlite3_value_bytes(values[1]) > MERGE_MAX)
		sqlite3_result_error(context, "json_patch of values this long takes too much time", -1);
	else
		call(context, "json_patch", count, values);
}

int pa_sqlite_json_add(sqlite3 *handle, struct pa_sqlite_limit *limit)
{
	static const struct {
		const char *name;
		int arguments;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} all[] = {{"json_set", -1, json_set}, {"json_insert", -1, json_insert}, {"json_patch", 2, json_patch}};
	struct original *original = calloc(1, sizeof *original);
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS | SQLITE_SUBTYPE, result = 0;

	if (!original)
		return -1;
	original->limit = limit;
	original->users = 1; /* this function */
	for (size_t i = 0; i < sizeof all / sizeof *all && result == 0; i++) {
		original->users++; /* SQLite calls release also when it fails */
		if (sqlite3_create_function_v2(
				handle, all[i].name, all[i].arguments, flags, original, all[i].call, NULL, NULL, release) != SQLITE_OK)
			result = -1;
	}
	release(original);
	return result;
}
