/* Decides what a statement may use: SQLite asks for each table, function and kind of action. */
#include "store/sqlite_access.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Functions that an app may call. The others of SQLite read or trust what a script must not choose: extensions, raw
 * pages and pointers, cursors of virtual tables. */
static const char *const functions[] = {"->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh",
	"avg", "ceil", "ceiling", "changes", "char", "coalesce", "cos", "cosh", "count", "cume_dist", "current_date",
	"current_time", "current_timestamp", "date", "datetime", "degrees", "dense_rank", "exp", "first_value", "floor",
	"format", "glob", "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array", "json_array_length",
	"json_each", "json_error_position", "json_extract", "json_group_array", "json_group_object", "json_insert",
	"json_object", "json_patch", "json_quote", "json_remove", "json_replace", "json_set", "json_tree", "json_type",
	"json_valid", "julianday", "lag", "last_insert_rowid", "last_value", "lead", "length", "like", "likelihood",
	"likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif",
	"octet_length", "percent_rank", "pi", "pow", "power", "printf", "quote", "radians", "random", "randomblob", "rank",
	"replace", "round", "row_number", "rtrim", "sign", "sin", "sinh", "soundex", "sqrt", "strftime", "string_agg",
	"substr", "substring", "sum", "tan", "tanh", "time", "timediff", "total", "total_changes", "trim", "trunc",
	"typeof", "unhex", "unicode", "unixepoch", "unlikely", "upper", "zeroblob", NULL};

static bool is_allowed_function(const char *name)
{
	for (size_t i = 0; functions[i]; i++)
		if (strcasecmp(functions[i], name) == 0)
			return true;
	return strncasecmp(name, "sqlite_", 7) == 0; /* the version, and what ALTER TABLE calls itself */
}

static bool is_library(const char *name)
{
	return name && strncasecmp(name, "pa_", 3) == 0;
}

/* A temporary table hides the table of that name from every statement of the connection, also the library's. SQLite's
 * own list of them is read by ALTER TABLE. */
static bool is_temporary(int action, const char *first, const char *database)
{
	switch (action) {
	case SQLITE_CREATE_TEMP_INDEX:
	case SQLITE_CREATE_TEMP_TABLE:
	case SQLITE_CREATE_TEMP_TRIGGER:
	case SQLITE_CREATE_TEMP_VIEW:
	case SQLITE_DROP_TEMP_INDEX:
	case SQLITE_DROP_TEMP_TABLE:
	case SQLITE_DROP_TEMP_TRIGGER:
	case SQLITE_DROP_TEMP_VIEW:
		return true;
	default:
		return database && strcmp(database, "temp") == 0 && !(first && strncmp(first, "sqlite_", 7) == 0);
	}
}

int pa_sqlite_access_authorize(
	void *context, int action, const char *first, const char *second, const char *database, const char *trigger)
{
	struct pa_sqlite_access *access = context;

	(void)trigger;
	if (is_temporary(action, first, database))
		return SQLITE_DENY;
	if (!access->guarded)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
	case SQLITE_PRAGMA:
	case SQLITE_CREATE_VTABLE:
	case SQLITE_DROP_VTABLE:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return SQLITE_DENY;
	case SQLITE_FUNCTION:
		return second && is_allowed_function(second) ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_CREATE_TABLE:
	case SQLITE_ALTER_TABLE:
		access->defines = true;
		break;
	default:
		break;
	}
	if (is_library(first) || (is_library(second) && action != SQLITE_READ && action != SQLITE_UPDATE))
		return SQLITE_DENY;
	return SQLITE_OK;
}

/* Names in SQL */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static const char *skip_comment(const char *at, const char *end)
{
	bool line = at[0] == '-';

	for (at += 2; at < end; at++) {
		if (line && *at == '\n')
			return at + 1;
		if (!line && at[0] == '*' && at + 1 < end && at[1] == '/')
			return at + 2;
	}
	return end;
}

/* The next word or quoted name from *at on, without its quotes; of length 0 for another character. False at the end. */
static bool next_name(const char **at, const char *end, struct pa_span *name)
{
	const char *from = *at;

	while (from < end && (isspace((unsigned char)*from) || (from + 1 < end && ((from[0] == '-' && from[1] == '-') ||
																				  (from[0] == '/' && from[1] == '*')))))
		from = isspace((unsigned char)*from) ? from + 1 : skip_comment(from, end);
	if (from == end)
		return false;
	const char *to = from;
	if (strchr("\"'`[", *from)) {
		char quote = *from == '[' ? ']' : *from;
		for (to = ++from; to < end && *to != quote; to++)
			;
		*at = to < end ? to + 1 : end;
	} else {
		while (to < end && is_word(*to))
			to++;
		*at = to == from ? to + 1 : to;
	}
	*name = (struct pa_span){from, (size_t)(to - from)};
	return true;
}

bool pa_sqlite_access_names_library(struct pa_span sql)
{
	const char *at = sql.at, *end = sql.at + sql.length;
	bool names_follow = false; /* after REFERENCES, and after TO of RENAME TO */
	struct pa_span name;

	while (next_name(&at, end, &name)) {
		if (names_follow && name.length >= 3 && strncasecmp(name.at, "pa_", 3) == 0)
			return true;
		names_follow = pa_text_is(name, "references") || pa_text_is(name, "to");
	}
	return false;
}
