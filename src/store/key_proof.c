/* A known text in the database, sealed with the key that was current when it was written. */
#include "store/key_proof.h"

#include <string.h>

#include "store/db.h"

static const struct pa_span known = {"partnerapp", 10}, context = {"pa_key_proof.sealed", 19};

enum { SEALED_MAX = 256 };

struct proof {
	char sealed[SEALED_MAX];
	size_t length; /* 0: there is none */
};

/* 0, or -1 with *error. */
static int read_proof(struct pa_connection *connection, struct proof *proof, struct pa_error *error)
{
	struct pa_statement *statement =
		pa_statement_begin(connection, pa_text_span("SELECT sealed FROM pa_key_proof"), false, error);

	if (!statement)
		return -1;
	int stepped = pa_statement_step(statement, error);
	struct pa_value value = stepped == 1 ? pa_statement_column(statement, 0) : (struct pa_value){0};
	if (value.kind == PA_VALUE_BYTES && value.bytes.length < SEALED_MAX) {
		memcpy(proof->sealed, value.bytes.at, value.bytes.length);
		proof->length = value.bytes.length;
	}
	pa_statement_end(statement);
	return stepped < 0 ? -1 : 0;
}

/* Writes the first proof, or replaces that of an older key. Of several processes that write the first one, one does. */
static int write_proof(
	struct pa_connection *connection, const struct pa_keyring *keyring, bool first, struct pa_error *error)
{
	const char *sql = first ? "INSERT INTO pa_key_proof (id, sealed) VALUES (1, ?) ON CONFLICT DO NOTHING"
							: "UPDATE pa_key_proof SET sealed = ? WHERE id = 1";
	unsigned char sealed[SEALED_MAX];
	size_t length = pa_keyring_seal(keyring, known, context, sealed);

	if (length == 0)
		return pa_error_set(error, "key", "the key does not seal");
	struct pa_statement *statement = pa_statement_begin(connection, pa_text_span(sql), false, error);
	if (!statement)
		return -1;
	const struct pa_value value = {.kind = PA_VALUE_BYTES, .bytes = {(const char *)sealed, length}};
	int result = pa_statement_bind(statement, 1, &value);
	if (result == 0 && pa_statement_step(statement, error) < 0)
		result = -1;
	pa_statement_end(statement);
	return result;
}

/* The key's id stands in front of what it sealed, behind its length. */
static bool is_current(const struct proof *proof, const struct pa_keyring *keyring)
{
	const char *id = pa_keyring_id(keyring, 0);

	return (size_t)proof->sealed[0] == strlen(id) && memcmp(proof->sealed + 1, id, strlen(id)) == 0;
}

static int check(struct pa_connection *connection, struct pa_keyring *keyring, struct pa_error *error)
{
	unsigned char opened[SEALED_MAX];
	struct proof proof = {.length = 0};

	if (pa_connection_run(connection,
			"CREATE TABLE IF NOT EXISTS pa_key_proof (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL)", false,
			error) < 0 ||
		read_proof(connection, &proof, error) < 0)
		return -1;
	if (proof.length == 0 &&
		(write_proof(connection, keyring, true, error) < 0 || read_proof(connection, &proof, error) < 0))
		return -1;
	struct pa_span sealed = {proof.sealed, proof.length};
	if (pa_keyring_unseal(keyring, sealed, context, opened, NULL) < 0)
		return pa_error_set(error, "key",
			"SECRET_KEY is not the key that this database was written with: set the old key, or, to begin anew, "
			"another "
			"DATABASE_URL. The database was not touched");
	return is_current(&proof, keyring) ? 0 : write_proof(connection, keyring, false, error);
}

int pa_key_proof_check(struct pa_db *db, struct pa_keyring *keyring, struct pa_error *error)
{
	struct pa_connection *connection = pa_db_take(db, PA_DB_WRITE, error);

	if (!connection)
		return -1;
	int result = check(connection, keyring, error);
	pa_db_give(connection);
	return result;
}
