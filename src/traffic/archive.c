/* SQL over exchanges, their parts and the index of words. */
#include "traffic/archive.h"

#include <stdio.h>
#include <string.h>

enum {
	VERSION = 1,
	PRUNED = 256, /* exchanges that one transaction deletes: storing waits no longer than for them */
	SHELVES = 8,  /* about so many fill the database */
	GROWTH = 4,   /* bytes of the database for each byte of text, the index included: about */
};

static const int64_t DAY_MS = (int64_t)24 * 3600 * 1000;

/* The rows that lists read are apart from the bodies, so that a list reads few pages. Bodies are TEXT when they are
 * text: others are not in the index. The index has one table for each shelf, words_N: FTS5 gives the room of deleted
 * rows back only when it merges them, so a whole table is dropped with its exchanges, the oldest first. */
static const char schema[] =
	"CREATE TABLE exchanges (id INTEGER PRIMARY KEY AUTOINCREMENT, direction TEXT NOT NULL, at INTEGER NOT NULL,"
	" took INTEGER NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL, status INTEGER, outcome TEXT NOT NULL,"
	" error TEXT, request_id TEXT, install TEXT, flow TEXT, peer TEXT);"
	"CREATE TABLE parts (id INTEGER PRIMARY KEY REFERENCES exchanges ON DELETE CASCADE,"
	" request_headers TEXT NOT NULL, request_body NOT NULL, request_size INTEGER NOT NULL, request_note TEXT,"
	" response_headers TEXT NOT NULL, response_body NOT NULL, response_size INTEGER NOT NULL, response_note TEXT);"
	"CREATE INDEX exchanges_install ON exchanges (install) WHERE install IS NOT NULL;"
	"CREATE INDEX exchanges_flow ON exchanges (flow) WHERE flow IS NOT NULL;"
	"CREATE INDEX exchanges_request ON exchanges (request_id) WHERE request_id IS NOT NULL;"
	"CREATE INDEX exchanges_outcome ON exchanges (outcome);"
	"CREATE INDEX exchanges_class ON exchanges (coalesce(status, 0) / 100);" /* 5 for 500 to 599, 0 for no answer */
	"CREATE VIEW said AS SELECT e.id, e.url || char(10) || p.request_headers || char(10) ||"
	" iif(typeof(p.request_body) = 'text', p.request_body, '') || char(10) || p.response_headers || char(10) ||"
	" iif(typeof(p.response_body) = 'text', p.response_body, '') AS text"
	" FROM exchanges e JOIN parts p ON p.id = e.id;"
	"CREATE TABLE shelves (n INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, begun INTEGER NOT NULL);"
	"PRAGMA user_version = 1;";

/* Running statements */

static struct pa_value text_value(struct pa_span text)
{
	return text.length > 0 ? (struct pa_value){.kind = PA_VALUE_TEXT, .bytes = text}
						   : (struct pa_value){.kind = PA_VALUE_NULL};
}

static struct pa_value integer_value(int64_t integer)
{
	return (struct pa_value){.kind = PA_VALUE_INTEGER, .integer = integer};
}

/* Runs one statement. With `result`, that is the integer of its first row; 0 without a row. */
static int run(struct pa_connection *connection, const char *sql, const struct pa_value *values, int count,
	int64_t *result, struct pa_error *error)
{
	struct pa_statement *statement = pa_statement_begin(connection, pa_text_span(sql), false, error);
	int step = -1;

	if (!statement)
		return -1;
	if (result)
		*result = 0;
	for (int i = 0; i < count; i++)
		if (pa_statement_bind(statement, i + 1, &values[i]) < 0) {
			pa_error_set(error, "database", "a value is too large to store");
			goto out;
		}
	while ((step = pa_statement_step(statement, error)) > 0)
		if (result)
			*result = pa_statement_column(statement, 0).integer;
out:
	pa_statement_end(statement);
	return step;
}

/* Opening */

static int make_tables(struct pa_connection *connection, struct pa_error *error)
{
	int64_t version;

	if (pa_connection_begin(connection, error) < 0)
		return -1;
	if (run(connection, "PRAGMA user_version", NULL, 0, &version, error) < 0)
		goto failed;
	if (version > VERSION) {
		pa_error_set(error, "database", "it was made by a newer partnerapp");
		goto failed;
	}
	if (version == 0 && pa_connection_run(connection, schema, false, error) < 0)
		goto failed;
	return pa_connection_commit(connection, error);

failed:
	pa_connection_roll_back(connection);
	return -1;
}

struct pa_db *pa_archive_open(const char *url, struct pa_error *error)
{
	struct pa_db *db = pa_db_open(url, error);

	if (!db)
		return NULL;
	struct pa_connection *connection = pa_db_lease(db, PA_DB_WRITE, error);
	int made = -1;
	if (connection) {
		/* A power cut may take the last exchanges. */
		made = pa_connection_durable(connection, false, error);
		if (made == 0)
			made = make_tables(connection, error);
		pa_db_return(connection);
	}
	if (made == 0)
		return db;
	pa_db_close(db);
	return NULL;
}

/* Shelves */

static int begin_shelf(struct pa_connection *connection, int64_t now_ms, int64_t *n, struct pa_error *error)
{
	static const char sql[] = "INSERT INTO shelves (first, last, bytes, begun) VALUES"
							  " ((SELECT coalesce(max(id), 0) + 1 FROM exchanges), 0, 0, ?) RETURNING n";
	const struct pa_value begun = integer_value(now_ms);
	char table[128];

	if (run(connection, sql, &begun, 1, n, error) < 0)
		return -1;
	snprintf(table, sizeof table, "CREATE VIRTUAL TABLE words_%lld USING fts5(text, content='', tokenize='trigram')",
		(long long)*n);
	return pa_connection_run(connection, table, false, error);
}

int pa_archive_shelf(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	int64_t *shelf, struct pa_error *error)
{
	static const char sql[] =
		"SELECT n FROM shelves WHERE n = (SELECT max(n) FROM shelves) AND bytes < ? AND begun > ?";
	const struct pa_value values[] = {
		integer_value((int64_t)limits->bytes_max / SHELVES / GROWTH), integer_value(now_ms - DAY_MS)};

	if (run(connection, sql, values, 2, shelf, error) < 0)
		return -1;
	return *shelf > 0 ? 0 : begin_shelf(connection, now_ms, shelf, error);
}

/* Storing */

static struct pa_value required_value(struct pa_span text)
{
	return (struct pa_value){.kind = PA_VALUE_TEXT, .bytes = text.length > 0 ? text : pa_text_span("")};
}

/* Bodies that are not text would only fill the index. */
static struct pa_value body_value(struct pa_span body)
{
	struct pa_value value = required_value(body);

	if (body.length > 0 && (memchr(body.at, '\0', body.length) || !pa_text_is_utf8(body)))
		value.kind = PA_VALUE_BYTES;
	return value;
}

static int store_exchange(
	struct pa_connection *connection, const struct pa_archive_row *row, int64_t *id, struct pa_error *error)
{
	static const char sql[] = "INSERT INTO exchanges (direction, at, took, method, url, status, outcome, error,"
							  " request_id, install, flow, peer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
							  " RETURNING id";
	const struct pa_entry *entry = row->entry;
	const struct pa_span *texts = row->texts;
	const struct pa_value values[] = {text_value(pa_text_span(entry->out ? "out" : "in")),
		integer_value(entry->at_ns / 1000000), integer_value(entry->took_ns / 1000),
		required_value(texts[PA_ENTRY_METHOD]), required_value(texts[PA_ENTRY_URL]),
		entry->status ? integer_value(entry->status) : text_value((struct pa_span){0}),
		required_value(texts[PA_ENTRY_OUTCOME]), text_value(texts[PA_ENTRY_ERROR]),
		text_value(texts[PA_ENTRY_REQUEST_ID]), text_value(texts[PA_ENTRY_INSTALL]),
		text_value(pa_text_span(row->flow)), text_value(texts[PA_ENTRY_PEER])};

	return run(connection, sql, values, sizeof values / sizeof *values, id, error);
}

static int store_parts(
	struct pa_connection *connection, const struct pa_archive_row *row, int64_t id, struct pa_error *error)
{
	static const char sql[] = "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const struct pa_span *texts = row->texts;
	const struct pa_value values[] = {integer_value(id), required_value(texts[PA_ENTRY_REQUEST_HEAD]),
		body_value(texts[PA_ENTRY_REQUEST_BODY]), integer_value((int64_t)row->entry->request_size),
		text_value(pa_text_span(row->request_note)), required_value(texts[PA_ENTRY_RESPONSE_HEAD]),
		body_value(texts[PA_ENTRY_RESPONSE_BODY]), integer_value((int64_t)row->entry->response_size),
		text_value(pa_text_span(row->response_note))};

	return run(connection, sql, values, sizeof values / sizeof *values, NULL, error);
}

/* A request's calls out end before it does, and learn from it which flow and install they belong to. */
static int tell_calls(struct pa_connection *connection, const struct pa_archive_row *row, struct pa_error *error)
{
	static const char sql[] = "UPDATE exchanges SET flow = coalesce(flow, ?), install = coalesce(install, ?)"
							  " WHERE request_id = ? AND direction = 'out' AND at >= ?";
	const struct pa_value values[] = {text_value(pa_text_span(row->flow)), text_value(row->texts[PA_ENTRY_INSTALL]),
		text_value(row->texts[PA_ENTRY_REQUEST_ID]), integer_value(row->entry->at_ns / 1000000)};

	if (row->entry->out || (!row->flow && row->texts[PA_ENTRY_INSTALL].length == 0) ||
		row->texts[PA_ENTRY_REQUEST_ID].length == 0)
		return 0;
	return run(connection, sql, values, sizeof values / sizeof *values, NULL, error);
}

static int put_words(struct pa_connection *connection, int64_t shelf, int64_t id, struct pa_error *error)
{
	static const char count[] =
		"UPDATE shelves SET last = ?1, bytes = bytes + (SELECT length(text) FROM said WHERE id = ?1)"
		" WHERE n = ?2";
	const struct pa_value values[] = {integer_value(id), integer_value(shelf)};
	char sql[128];

	snprintf(sql, sizeof sql, "INSERT INTO words_%lld (rowid, text) SELECT id, text FROM said WHERE id = ?",
		(long long)shelf);
	return run(connection, sql, values, 1, NULL, error) < 0 ? -1 : run(connection, count, values, 2, NULL, error);
}

int pa_archive_store(
	struct pa_connection *connection, int64_t shelf, const struct pa_archive_row *row, struct pa_error *error)
{
	int64_t id;

	if (store_exchange(connection, row, &id, error) < 0 || store_parts(connection, row, id, error) < 0 ||
		put_words(connection, shelf, id, error) < 0)
		return -1;
	return tell_calls(connection, row, error);
}

/* Pruning */

static int measure(struct pa_connection *connection, int64_t *bytes, struct pa_error *error)
{
	static const char sql[] = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
							  " pragma_freelist_count, pragma_page_size";

	return run(connection, sql, NULL, 0, bytes, error);
}

/* Runs a DELETE; *more: whether it deleted anything. */
static int delete_some(struct pa_connection *connection, const char *sql, const struct pa_value *values, int count,
	bool *more, struct pa_error *error)
{
	if (run(connection, sql, values, count, NULL, error) < 0)
		return -1;
	*more = pa_connection_changes(connection) > 0;
	return 0;
}

/* Deletes some exchanges of a shelf, or, when there are none any more, the shelf. */
static int empty_shelf(struct pa_connection *connection, int64_t shelf, struct pa_error *error)
{
	static const char some[] = "DELETE FROM exchanges WHERE id IN (SELECT id FROM exchanges WHERE id <="
							   " (SELECT last FROM shelves WHERE n = ?) ORDER BY id LIMIT ?)";
	const struct pa_value values[] = {integer_value(shelf), integer_value(PRUNED)};
	char sql[128];
	bool more;

	if (delete_some(connection, some, values, 2, &more, error) < 0)
		return -1;
	if (more)
		return 0;
	snprintf(sql, sizeof sql, "DROP TABLE words_%lld; DELETE FROM shelves WHERE n = %lld", (long long)shelf,
		(long long)shelf);
	return pa_connection_run(connection, sql, false, error);
}

/* The oldest shelf, 0 for none, and whether all of its exchanges were deleted. */
static int find_oldest(struct pa_connection *connection, int64_t *shelf, bool *is_spent, struct pa_error *error)
{
	static const char oldest[] = "SELECT min(n) FROM shelves";
	static const char left[] = "SELECT count(*) FROM (SELECT 1 FROM shelves s JOIN exchanges e ON e.id BETWEEN s.first"
							   " AND s.last WHERE s.n = ? LIMIT 1)";
	int64_t count;

	if (run(connection, oldest, NULL, 0, shelf, error) < 0)
		return -1;
	const struct pa_value value = integer_value(*shelf);
	if (run(connection, left, &value, 1, &count, error) < 0)
		return -1;
	*is_spent = *shelf > 0 && count == 0;
	return 0;
}

/* One step, inside of a transaction. */
static int prune_some(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	bool *more, struct pa_error *error)
{
	static const char old[] =
		"DELETE FROM exchanges WHERE id IN (SELECT id FROM exchanges ORDER BY id LIMIT ?) AND at < ?";
	const struct pa_value values[] = {integer_value(PRUNED), integer_value(now_ms - (int64_t)limits->days * DAY_MS)};
	int64_t bytes, shelf;
	bool is_spent;

	if (measure(connection, &bytes, error) < 0 || find_oldest(connection, &shelf, &is_spent, error) < 0)
		return -1;
	*more = is_spent || (bytes > (int64_t)limits->bytes_max && shelf > 0);
	if (*more)
		return empty_shelf(connection, shelf, error);
	return delete_some(connection, old, values, 2, more, error);
}

int pa_archive_prune(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	bool *more, struct pa_error *error)
{
	*more = false;
	if (pa_connection_begin(connection, error) < 0)
		return -1;
	if (prune_some(connection, limits, now_ms, more, error) == 0)
		return pa_connection_commit(connection, error);
	pa_connection_roll_back(connection);
	return -1;
}
