/* SQL over exchanges, their parts and the index of words. */
#include "traffic/archive.h"

#include <string.h>

enum {
	PRUNED = 64, /* exchanges that one transaction deletes: readers and storing wait no longer than for them */
};

/* The rows that lists read are apart from the bodies, so that a list reads few pages. What the index has of an exchange
 * is made by one view, for FTS5 has to be told the same text when the exchange is deleted. Bodies are TEXT when they
 * are text: others are not in the index. */
static const char first[] =
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
	"CREATE VIEW said AS SELECT e.id, e.url || char(10) || p.request_headers || char(10) ||"
	" iif(typeof(p.request_body) = 'text', p.request_body, '') || char(10) || p.response_headers || char(10) ||"
	" iif(typeof(p.response_body) = 'text', p.response_body, '') AS text"
	" FROM exchanges e JOIN parts p ON p.id = e.id;"
	"CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='trigram');"
	"PRAGMA user_version = 1;";

/* 5 for statuses from 500 to 599, 0 without an answer: the few failures among many answers are found by it. */
static const char classes[] = "CREATE INDEX exchanges_class ON exchanges (coalesce(status, 0) / 100);"
							  "PRAGMA user_version = 2;";

/* Each makes the next version of the tables, which is its number here. Only ever appended to. */
static const char *const steps[] = {first, classes};

enum { VERSION = sizeof steps / sizeof *steps };

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
	for (int64_t i = version; i < VERSION; i++)
		if (pa_connection_run(connection, steps[i], false, error) < 0)
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

int pa_archive_store(struct pa_connection *connection, const struct pa_archive_row *row, struct pa_error *error)
{
	static const char index[] = "INSERT INTO words (rowid, text) SELECT id, text FROM said WHERE id = ?";
	int64_t id;

	if (store_exchange(connection, row, &id, error) < 0 || store_parts(connection, row, id, error) < 0)
		return -1;
	const struct pa_value value = integer_value(id);
	if (run(connection, index, &value, 1, NULL, error) < 0)
		return -1;
	return tell_calls(connection, row, error);
}

/* Pruning */

/* Deletes the oldest exchanges up to that id, first from the index, which needs their text. */
static int delete_up_to(struct pa_connection *connection, int64_t id, struct pa_error *error)
{
	const struct pa_value value = integer_value(id);

	return run(connection, "INSERT INTO words (words, rowid, text) SELECT 'delete', id, text FROM said WHERE id <= ?",
			   &value, 1, NULL, error) < 0 ||
				   run(connection, "DELETE FROM exchanges WHERE id <= ?", &value, 1, NULL, error) < 0
			   ? -1
			   : 0;
}

/* The id up to which exchanges are to be deleted; 0 for none. */
static int find_last(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	int64_t *last, struct pa_error *error)
{
	static const char size[] = "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM "
							   "pragma_page_size) - (SELECT freelist_count FROM pragma_freelist_count) * (SELECT "
							   "page_size FROM pragma_page_size)";
	static const char oldest[] = "SELECT max(id) FROM (SELECT id FROM exchanges ORDER BY id LIMIT ?)";
	static const char old[] = "SELECT max(id) FROM (SELECT id, at FROM exchanges ORDER BY id LIMIT ?) WHERE at < ?";
	const struct pa_value values[] = {
		integer_value(PRUNED), integer_value(now_ms - (int64_t)limits->days * 24 * 3600 * 1000)};
	int64_t bytes;

	if (run(connection, size, NULL, 0, &bytes, error) < 0)
		return -1;
	if (bytes > (int64_t)limits->bytes_max)
		return run(connection, oldest, values, 1, last, error);
	return run(connection, old, values, 2, last, error);
}

int pa_archive_prune(struct pa_connection *connection, const struct pa_archive_limits *limits, int64_t now_ms,
	bool *more, struct pa_error *error)
{
	int64_t last;

	*more = false;
	if (find_last(connection, limits, now_ms, &last, error) < 0)
		return -1;
	if (last == 0)
		return 0;
	*more = true;
	if (pa_connection_begin(connection, error) < 0)
		return -1;
	if (delete_up_to(connection, last, error) < 0) {
		pa_connection_roll_back(connection);
		return -1;
	}
	return pa_connection_commit(connection, error);
}
