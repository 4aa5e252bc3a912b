/*
 * The interface between store/db.c and the driver of a database library. A function's contract, where none is here, is
 * that of the function with the same name in store/db.h.
 */
#ifndef PA_DRIVER_H
#define PA_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum pa_value_kind { PA_VALUE_NULL, PA_VALUE_INTEGER, PA_VALUE_NUMBER, PA_VALUE_TEXT, PA_VALUE_BYTES };

struct pa_value {
	enum pa_value_kind kind;
	int64_t integer;
	double number;
	struct pa_span bytes; /* of PA_VALUE_TEXT and PA_VALUE_BYTES; borrowed */
};

/* The first member of a driver's own structs. store/db.c fills in the connection. */
struct pa_db;
struct pa_connection {
	const struct pa_driver *driver;
	struct pa_db *db;
	bool leased; /* guarded by the mutex of the database */
};

struct pa_statement {
	struct pa_connection *connection;
};

struct pa_driver {
	const char *scheme; /* of DATABASE_URL: "sqlite" */

	/* Called before the first connection: makes the database when absent. 0, or -1 with code "database". */
	int (*prepare)(const char *place, struct pa_error *error);

	/* How many connections may read besides the one that writes; 0: only that one, which reads too. */
	unsigned (*readers)(const char *place);

	/* `place` is the URL without its scheme. NULL with code "database". */
	struct pa_connection *(*connect)(const char *place, bool writes, struct pa_error *error);
	void (*disconnect)(struct pa_connection *connection);

	int (*durable)(struct pa_connection *connection, bool durable, struct pa_error *error);
	int (*begin)(struct pa_connection *connection, struct pa_error *error);
	int (*commit)(struct pa_connection *connection, struct pa_error *error);
	bool (*in_transaction)(const struct pa_connection *connection);
	int (*run)(struct pa_connection *connection, const char *sql, bool guarded, struct pa_error *error);
	int (*wipe)(struct pa_connection *connection, struct pa_error *error);
	int (*back_up)(struct pa_connection *connection, const char *suffix, struct pa_error *error);
	int64_t (*changes)(const struct pa_connection *connection);

	struct pa_statement *(*statement_begin)(
		struct pa_connection *connection, struct pa_span sql, bool guarded, struct pa_error *error);
	void (*statement_end)(struct pa_statement *statement);
	int (*parameters)(const struct pa_statement *statement);
	bool (*writes)(const struct pa_statement *statement);
	int (*bind)(struct pa_statement *statement, int index, const struct pa_value *value);
	int (*step)(struct pa_statement *statement, struct pa_error *error);
	int (*columns)(const struct pa_statement *statement);
	const char *(*column_name)(const struct pa_statement *statement, int index);
	struct pa_value (*column)(const struct pa_statement *statement, int index);
};

#endif
