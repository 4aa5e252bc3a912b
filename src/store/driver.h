/*
 * What store/db.c wants of a database's library. The contracts are those of the functions of the same name in
 * store/db.h.
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
	struct pa_span bytes; /* of a text too; borrowed */
};

/* Drivers begin their own structs with these. */
struct pa_db;
struct pa_connection {
	const struct pa_driver *driver;
	struct pa_db *db;
	bool leased;
};

struct pa_statement {
	struct pa_connection *connection;
};

struct pa_driver {
	const char *scheme; /* of DATABASE_URL: "sqlite" */

	/* Before the first connection: makes what is not there. 0, or -1 with code "database". */
	int (*prepare)(const char *place, struct pa_error *error);

	/* How many connections may read beside the one that writes; 0: that one reads too. */
	unsigned (*readers)(const char *place);

	/* `place` is the URL without its scheme. NULL with code "database". */
	struct pa_connection *(*connect)(const char *place, bool writes, struct pa_error *error);
	void (*disconnect)(struct pa_connection *connection);

	int (*durable)(struct pa_connection *connection, bool durable, struct pa_error *error);
	int (*begin)(struct pa_connection *connection, struct pa_error *error);
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
