/* Prepares, caches and runs statements. */
#include "store/sqlite_statement.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite_place.h"

struct pa_sqlite_statement {
	struct pa_statement base;
	sqlite3_stmt *handle;
	char *sql;
	size_t length;
	bool guarded;
	uint64_t used; /* the value of `uses` at its last use: the lowest is replaced first */
};

static struct pa_sqlite *connection_of(const struct pa_statement *base)
{
	return (struct pa_sqlite *)base->connection;
}

static sqlite3_stmt *handle_of(const struct pa_statement *base)
{
	return ((const struct pa_sqlite_statement *)base)->handle;
}

/* Why SQLite got no memory or was interrupted. */
static int fail_limited(const struct pa_sqlite *sqlite, struct pa_error *error)
{
	switch (sqlite->limit.reason) {
	case PA_SQLITE_LIMIT_MEMORY:
		return pa_error_set(
			error, "too_long", "the statement needs more than %d MiB of memory", PA_SQLITE_LIMIT_MEMORY_MAX >> 20);
	case PA_SQLITE_LIMIT_DEPTH:
		return pa_error_set(error, "syntax", "the statement is nested too deeply");
	case PA_SQLITE_LIMIT_CPU:
		break;
	case PA_SQLITE_LIMIT_NONE:
		if (sqlite3_errcode(sqlite->handle) == SQLITE_NOMEM)
			return pa_error_set(error, "database", "not enough memory, or the statement has too many parts");
		break;
	}
	return pa_error_set(error, "too_long", "the statement took more than %d ms of CPU", (int)sqlite->limit.cpu_ms);
}

int pa_sqlite_statement_fail(const struct pa_sqlite *sqlite, struct pa_error *error)
{
	int code = sqlite3_extended_errcode(sqlite->handle);
	const char *word = "database";

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		word = "constraint";
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		word = "busy";
		break;
	case SQLITE_FULL:
		word = "full";
		break;
	case SQLITE_IOERR:
		word = code == SQLITE_IOERR_WRITE ? "full" : "database";
		break;
	case SQLITE_AUTH:
		word = "denied";
		break;
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return fail_limited(sqlite, error);
	case SQLITE_ERROR:
		word = "syntax";
		break;
	default:
		break;
	}
	return pa_error_set(error, word, "%s", sqlite3_errmsg(sqlite->handle));
}

/* The cache */

static struct pa_sqlite_statement *find_cached(struct pa_sqlite *sqlite, struct pa_span sql, bool guarded, int *slot)
{
	uint64_t oldest = UINT64_MAX;

	for (int i = 0; i < PA_SQLITE_STATEMENTS; i++) {
		struct pa_sqlite_statement *statement = sqlite->statements[i];
		if (!statement) {
			*slot = i;
			return NULL;
		}
		if (statement->length == sql.length && statement->guarded == guarded &&
			memcmp(statement->sql, sql.at, sql.length) == 0)
			return statement;
		if (statement->used < oldest) {
			oldest = statement->used;
			*slot = i;
		}
	}
	return NULL;
}

static void end(struct pa_sqlite *sqlite)
{
	pa_sqlite_limit_end(&sqlite->limit);
	sqlite->access.guarded = false;
}

static void free_statement(struct pa_sqlite_statement *statement)
{
	if (!statement)
		return;
	sqlite3_finalize(statement->handle);
	free(statement->sql);
	free(statement);
}

void pa_sqlite_statement_forget(struct pa_sqlite *sqlite)
{
	for (int i = 0; i < PA_SQLITE_STATEMENTS; i++) {
		free_statement(sqlite->statements[i]);
		sqlite->statements[i] = NULL;
	}
}

/* Preparing and running */

static bool only_space(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n;", *at))
		at++;
	return at == end;
}

/* Prepares the first statement of *sql. NULL after a space or a comment alone; *sql is what follows. 0, or -1. */
static int prepare_first(
	struct pa_sqlite *sqlite, struct pa_span *sql, bool guarded, sqlite3_stmt **handle, struct pa_error *error)
{
	const char *from = sql->at, *tail = NULL;

	sqlite->access.guarded = guarded;
	sqlite->access.defines = false;
	int prepared = sqlite3_prepare_v3(sqlite->handle, from, (int)sql->length, SQLITE_PREPARE_PERSISTENT, handle, &tail);
	if (prepared != SQLITE_OK)
		return pa_sqlite_statement_fail(sqlite, error);
	*sql = (struct pa_span){tail, sql->length - (size_t)(tail - from)};
	if (sqlite->access.defines && pa_sqlite_access_names_library((struct pa_span){from, (size_t)(tail - from)})) {
		sqlite3_finalize(*handle);
		*handle = NULL;
		return pa_error_set(error, "denied", "names of tables that begin with pa_ are the library's");
	}
	return 0;
}

static struct pa_sqlite_statement *prepare(
	struct pa_sqlite *sqlite, struct pa_span sql, bool guarded, struct pa_error *error)
{
	struct pa_sqlite_statement *statement = calloc(1, sizeof *statement);
	struct pa_span rest = sql;

	if (!statement || !(statement->sql = malloc(sql.length + 1))) {
		pa_error_set(error, "database", "not enough memory");
		goto failed;
	}
	memcpy(statement->sql, sql.at, sql.length);
	statement->length = sql.length;
	statement->guarded = guarded;
	statement->base.connection = &sqlite->base;
	if (prepare_first(sqlite, &rest, guarded, &statement->handle, error) < 0)
		goto failed;
	if (!statement->handle || !only_space(rest.at, rest.at + rest.length)) {
		pa_error_set(error, "syntax", "there must be exactly one SQL statement");
		goto failed;
	}
	return statement;

failed:
	free_statement(statement);
	return NULL;
}

struct pa_statement *pa_sqlite_statement_begin(
	struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error)
{
	struct pa_sqlite *sqlite = (struct pa_sqlite *)connection;
	int slot = 0;
	struct pa_sqlite_statement *statement = find_cached(sqlite, sql, guarded, &slot);

	pa_sqlite_limit_begin(&sqlite->limit, PA_SQLITE_CPU_MS);
	if (!statement) {
		statement = prepare(sqlite, sql, guarded, error);
		if (!statement) {
			end(sqlite);
			return NULL;
		}
		free_statement(sqlite->statements[slot]);
		sqlite->statements[slot] = statement;
	}
	bool saves = !sqlite3_stmt_readonly(statement->handle) && sqlite3_get_autocommit(sqlite->handle);
	if (saves && sqlite->path && pa_sqlite_place_check(sqlite->handle, sqlite->path, &sqlite->log, error) < 0) {
		end(sqlite);
		return NULL;
	}
	statement->used = ++sqlite->uses;
	sqlite->access.guarded = guarded; /* after a schema change SQLite prepares the statement again while it runs */
	return &statement->base;
}

void pa_sqlite_statement_end(struct pa_statement *base)
{
	struct pa_sqlite *sqlite = connection_of(base);

	sqlite3_reset(handle_of(base));
	sqlite3_clear_bindings(handle_of(base));
	end(sqlite);
}

int pa_sqlite_statement_run_script(struct pa_sqlite *sqlite, const char *sql, bool guarded, struct pa_error *error)
{
	struct pa_span rest = {sql, strlen(sql) + 1}; /* with its NUL, SQLite limits each statement, not all of them */
	int result = 0;

	while (rest.length > 1 && result == 0) {
		sqlite3_stmt *handle = NULL;
		pa_sqlite_limit_begin(&sqlite->limit, PA_SQLITE_SCRIPT_CPU_MS);
		result = prepare_first(sqlite, &rest, guarded, &handle, error);
		int stepped = SQLITE_DONE;
		while (handle && (stepped = sqlite3_step(handle)) == SQLITE_ROW)
			;
		if (stepped != SQLITE_DONE)
			result = pa_sqlite_statement_fail(sqlite, error);
		sqlite3_finalize(handle);
		end(sqlite);
	}
	return result;
}

int pa_sqlite_statement_parameters(const struct pa_statement *base)
{
	return sqlite3_bind_parameter_count(handle_of(base));
}

bool pa_sqlite_statement_writes(const struct pa_statement *base)
{
	return !sqlite3_stmt_readonly(handle_of(base));
}

static int bind(sqlite3_stmt *handle, int index, const struct pa_value *value)
{
	struct pa_span bytes = value->bytes;

	switch (value->kind) {
	case PA_VALUE_INTEGER:
		return sqlite3_bind_int64(handle, index, value->integer);
	case PA_VALUE_NUMBER:
		return sqlite3_bind_double(handle, index, value->number);
	case PA_VALUE_TEXT:
		return sqlite3_bind_text64(handle, index, bytes.at, bytes.length, SQLITE_STATIC, SQLITE_UTF8);
	case PA_VALUE_BYTES: /* a NULL pointer would bind NULL */
		return sqlite3_bind_blob64(handle, index, bytes.length ? bytes.at : "", bytes.length, SQLITE_STATIC);
	case PA_VALUE_NULL:
		break;
	}
	return sqlite3_bind_null(handle, index);
}

int pa_sqlite_statement_bind(struct pa_statement *base, int index, const struct pa_value *value)
{
	return bind(handle_of(base), index, value) == SQLITE_OK ? 0 : -1;
}

int pa_sqlite_statement_step(struct pa_statement *base, struct pa_error *error)
{
	switch (sqlite3_step(handle_of(base))) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return pa_sqlite_statement_fail(connection_of(base), error);
	}
}

int pa_sqlite_statement_columns(const struct pa_statement *base)
{
	return sqlite3_column_count(handle_of(base));
}

const char *pa_sqlite_statement_column_name(const struct pa_statement *base, int index)
{
	return sqlite3_column_name(handle_of(base), index);
}

struct pa_value pa_sqlite_statement_column(const struct pa_statement *base, int index)
{
	sqlite3_stmt *handle = handle_of(base);
	struct pa_value value = {.kind = PA_VALUE_BYTES};

	switch (sqlite3_column_type(handle, index)) {
	case SQLITE_INTEGER:
		return (struct pa_value){.kind = PA_VALUE_INTEGER, .integer = sqlite3_column_int64(handle, index)};
	case SQLITE_FLOAT:
		return (struct pa_value){.kind = PA_VALUE_NUMBER, .number = sqlite3_column_double(handle, index)};
	case SQLITE_NULL:
		return (struct pa_value){.kind = PA_VALUE_NULL};
	default:
		value.bytes.at = sqlite3_column_blob(handle, index);
		value.bytes.length = (size_t)sqlite3_column_bytes(handle, index);
		return value;
	}
}
