/* Prepared statements of a connection, and its cache of them. */
#include <stdlib.h>
#include <string.h>

#include "db_sqlite3.h"

static struct pa_statement *find_cached(
	struct pa_connection *connection, const char *sql, size_t length, bool guarded, int *slot)
{
	uint64_t oldest = UINT64_MAX;

	for (int i = 0; i < PA_DB_STATEMENTS; i++) {
		struct pa_statement *statement = connection->statements[i];
		if (!statement) {
			*slot = i;
			return NULL;
		}
		if (statement->length == length && statement->guarded == guarded && memcmp(statement->sql, sql, length) == 0)
			return statement;
		if (statement->used < oldest) {
			oldest = statement->used;
			*slot = i;
		}
	}
	return NULL;
}

static void free_statement(struct pa_statement *statement)
{
	if (!statement)
		return;
	sqlite3_finalize(statement->handle);
	free(statement->sql);
	free(statement);
}

void pa_connection_forget_statements(struct pa_connection *connection)
{
	for (int i = 0; i < PA_DB_STATEMENTS; i++) {
		free_statement(connection->statements[i]);
		connection->statements[i] = NULL;
	}
}

static bool only_space(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n;", *at))
		at++;
	return at == end;
}

static struct pa_statement *prepare(
	struct pa_connection *connection, const char *sql, size_t length, bool guarded, struct pa_error *error)
{
	struct pa_statement *statement = calloc(1, sizeof *statement);
	const char *tail = NULL;

	if (!statement || !(statement->sql = malloc(length + 1))) {
		pa_error_set(error, "database", "not enough memory");
		goto failed;
	}
	memcpy(statement->sql, sql, length);
	statement->length = length;
	statement->guarded = guarded;
	statement->connection = connection;
	connection->guarded = guarded;
	int prepared =
		sqlite3_prepare_v3(connection->handle, sql, (int)length, SQLITE_PREPARE_PERSISTENT, &statement->handle, &tail);
	connection->guarded = false;
	if (prepared != SQLITE_OK) {
		pa_connection_fail(connection, error);
		goto failed;
	}
	if (!statement->handle || !only_space(tail, sql + length)) {
		pa_error_set(error, "syntax", "there must be one SQL statement, no more and no less");
		goto failed;
	}
	return statement;

failed:
	free_statement(statement);
	return NULL;
}

struct pa_statement *pa_statement_begin(
	struct pa_connection *connection, const char *sql, size_t length, bool guarded, struct pa_error *error)
{
	int slot = 0;
	struct pa_statement *statement = find_cached(connection, sql, length, guarded, &slot);

	if (!statement) {
		statement = prepare(connection, sql, length, guarded, error);
		if (!statement)
			return NULL;
		free_statement(connection->statements[slot]);
		connection->statements[slot] = statement;
	}
	statement->used = ++connection->clock;
	connection->limited = true;
	connection->cpu_ms_at_most = 0;
	connection->guarded = guarded; /* a schema change makes SQLite prepare it again while it runs */
	return statement;
}

void pa_statement_end(struct pa_statement *statement)
{
	sqlite3_reset(statement->handle);
	sqlite3_clear_bindings(statement->handle);
	statement->connection->guarded = statement->connection->limited = false;
}

int pa_statement_parameters(const struct pa_statement *statement)
{
	return sqlite3_bind_parameter_count(statement->handle);
}

bool pa_statement_writes(const struct pa_statement *statement)
{
	return !sqlite3_stmt_readonly(statement->handle);
}

int pa_statement_bind_null(struct pa_statement *statement, int index)
{
	return sqlite3_bind_null(statement->handle, index) == SQLITE_OK ? 0 : -1;
}

int pa_statement_bind_integer(struct pa_statement *statement, int index, int64_t value)
{
	return sqlite3_bind_int64(statement->handle, index, value) == SQLITE_OK ? 0 : -1;
}

int pa_statement_bind_number(struct pa_statement *statement, int index, double value)
{
	return sqlite3_bind_double(statement->handle, index, value) == SQLITE_OK ? 0 : -1;
}

int pa_statement_bind_text(struct pa_statement *statement, int index, const char *text, size_t length)
{
	return sqlite3_bind_text64(statement->handle, index, text, length, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK ? 0
																												: -1;
}

int pa_statement_bind_blob(struct pa_statement *statement, int index, const char *bytes, size_t length)
{
	/* A NULL pointer would bind NULL. */
	return sqlite3_bind_blob64(statement->handle, index, length ? bytes : "", length, SQLITE_STATIC) == SQLITE_OK ? 0
																												  : -1;
}

int pa_statement_step(struct pa_statement *statement, struct pa_error *error)
{
	switch (sqlite3_step(statement->handle)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return pa_connection_fail(statement->connection, error);
	}
}

int pa_statement_columns(const struct pa_statement *statement)
{
	return sqlite3_column_count(statement->handle);
}

const char *pa_statement_column_name(const struct pa_statement *statement, int index)
{
	return sqlite3_column_name(statement->handle, index);
}

enum pa_column pa_statement_column(
	struct pa_statement *statement, int index, int64_t *integer, double *number, const char **bytes, size_t *length)
{
	switch (sqlite3_column_type(statement->handle, index)) {
	case SQLITE_INTEGER:
		*integer = sqlite3_column_int64(statement->handle, index);
		return PA_COLUMN_INTEGER;
	case SQLITE_FLOAT:
		*number = sqlite3_column_double(statement->handle, index);
		return PA_COLUMN_NUMBER;
	case SQLITE_NULL:
		return PA_COLUMN_NULL;
	default:
		*bytes = sqlite3_column_blob(statement->handle, index);
		*length = (size_t)sqlite3_column_bytes(statement->handle, index);
		return PA_COLUMN_BYTES;
	}
}
