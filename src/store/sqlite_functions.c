/* instr, replace, trim, ltrim, rtrim, LIKE and GLOB: in linear time, or ended when the statement is over its limit. */
#include "store/sqlite_functions.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "store/sqlite_limit.h"

enum {
	ASK_COMPARISONS = 1 << 20, /* of trim between two looks at the clock */
	MATCH_STEPS = 1 << 28,     /* of LIKE and GLOB in the worst case: less than a second */
};

/* False when the statement has no time left for that many steps; then the call has its result. */
static bool has_time(sqlite3_context *context, size_t steps)
{
	if (!pa_sqlite_limit_is_over_after(sqlite3_user_data(context), steps))
		return true;
	sqlite3_result_error_code(context, SQLITE_INTERRUPT);
	return false;
}

/* The value as a string; `at` is NULL for NULL. */
static struct pa_span text_of(sqlite3_value *value)
{
	const char *at = (const char *)sqlite3_value_text(value);

	return (struct pa_span){at, at ? (size_t)sqlite3_value_bytes(value) : 0};
}

/* Of a value that may be a blob: an empty one is not NULL. */
static struct pa_span bytes_of(sqlite3_value *value)
{
	const char *at = sqlite3_value_blob(value);

	return (struct pa_span){at ? at : "", (size_t)sqlite3_value_bytes(value)};
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* instr: counts characters of strings, bytes of blobs. 0 when it is not there. */
static void instr(sqlite3_context *context, int count, sqlite3_value **values)
{
	int types[] = {sqlite3_value_type(values[0]), sqlite3_value_type(values[1])};
	bool blobs = types[0] == SQLITE_BLOB && types[1] == SQLITE_BLOB;
	sqlite3_int64 place = 1;

	(void)count;
	if (types[0] == SQLITE_NULL || types[1] == SQLITE_NULL)
		return;
	struct pa_span in = blobs ? bytes_of(values[0]) : text_of(values[0]);
	struct pa_span what = blobs ? bytes_of(values[1]) : text_of(values[1]);
	if (!in.at || !what.at) {
		sqlite3_result_error_nomem(context);
		return;
	}
	if (!has_time(context, in.length + what.length))
		return;
	if (what.length == 0) {
		sqlite3_result_int(context, 1);
		return;
	}
	const char *found = memmem(in.at, in.length, what.at, what.length);
	/* A string is looked for from the beginning of a character on, and from that of the string. */
	if (found && found != in.at && !blobs && continues_character(*found))
		found = NULL;
	for (const char *at = in.at; found && at < found; at++)
		if (blobs || !continues_character(at[1]))
			place++;
	sqlite3_result_int64(context, found ? place : 0);
}

/* Where the string is next, or NULL. In windows: AddressSanitizer's memmem looks at all bytes that it is given, which
 * for many matches is quadratic again. */
static const char *next_place(const char *from, const char *end, struct pa_span what)
{
	for (;;) {
		size_t left = (size_t)(end - from), window = 2 * what.length + 1024;
		if (window > left)
			window = left;
		const char *found = memmem(from, window, what.at, what.length);
		if (found || window == left)
			return found;
		from += window - what.length + 1;
	}
}

static size_t occurrences(struct pa_span in, struct pa_span what)
{
	const char *at = in.at, *end = in.at + in.length;
	size_t count = 0;

	while ((at = next_place(at, end, what))) {
		at += what.length;
		count++;
	}
	return count;
}

static void write_replaced(char *to, struct pa_span in, struct pa_span what, struct pa_span with)
{
	const char *from = in.at, *end = in.at + in.length, *found;

	while ((found = next_place(from, end, what))) {
		memcpy(to, from, (size_t)(found - from));
		to += found - from;
		memcpy(to, with.at, with.length);
		to += with.length;
		from = found + what.length;
	}
	memcpy(to, from, (size_t)(end - from));
}

static void replace(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	struct pa_span in = text_of(values[0]), what = text_of(values[1]);
	if (!in.at || !what.at || !has_time(context, in.length + what.length))
		return;
	if (what.at[0] == '\0') { /* SQLite takes a NUL in front for an empty string */
		sqlite3_result_value(context, values[0]);
		return;
	}
	struct pa_span with = text_of(values[2]);
	if (!with.at)
		return;
	size_t found = occurrences(in, what);
	uint64_t length = (uint64_t)in.length - found * what.length + (uint64_t)found * with.length;
	int most = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
	if (length > (uint64_t)most) {
		sqlite3_result_error_toobig(context);
		return;
	}
	char *replaced = sqlite3_malloc64(length + 1);
	if (!replaced) {
		sqlite3_result_error_nomem(context);
		return;
	}
	write_replaced(replaced, in, what, with);
	sqlite3_result_text64(context, replaced, length, sqlite3_free, SQLITE_UTF8);
}

/* Trimming */

enum { TRIM_FRONT = 1, TRIM_BACK = 2 };

/* The first character of a string that has one: a byte, and what continues it when it begins a character. */
static struct pa_span first_character(struct pa_span text)
{
	size_t length = 1;

	if ((unsigned char)text.at[0] >= 0xc0)
		while (length < text.length && continues_character(text.at[length]))
			length++;
	return (struct pa_span){text.at, length};
}

struct trimming {
	sqlite3_context *context;
	struct pa_span set; /* characters to remove */
	size_t comparisons; /* since the clock was read */
	bool over;          /* the statement has no time left */
};

/* The length of the first character of the set with which the text begins, or ends; 0 for none. */
static size_t trimmed(struct trimming *trimming, struct pa_span text, bool at_end)
{
	const char *set_end = trimming->set.at + trimming->set.length;
	struct pa_span one;

	for (const char *at = trimming->set.at; at < set_end; at += one.length) {
		one = first_character((struct pa_span){at, (size_t)(set_end - at)});
		if (++trimming->comparisons >= ASK_COMPARISONS) {
			trimming->comparisons = 0;
			if (!has_time(trimming->context, ASK_COMPARISONS)) {
				trimming->over = true;
				return 0;
			}
		}
		if (one.length <= text.length &&
			memcmp(at_end ? text.at + text.length - one.length : text.at, one.at, one.length) == 0)
			return one.length;
	}
	return 0;
}

static void trim_sides(sqlite3_context *context, int count, sqlite3_value **values, int sides)
{
	struct trimming trimming = {.context = context, .set = {" ", 1}};
	size_t length;

	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	struct pa_span text = text_of(values[0]);
	if (count > 1)
		trimming.set = text_of(values[1]);
	if (!text.at || !trimming.set.at || !has_time(context, text.length))
		return;
	trimming.set.length = strlen(trimming.set.at); /* SQLite's set ends at a NUL */
	while ((sides & TRIM_FRONT) && text.length > 0 && (length = trimmed(&trimming, text, false)) > 0) {
		text.at += length;
		text.length -= length;
	}
	while ((sides & TRIM_BACK) && text.length > 0 && (length = trimmed(&trimming, text, true)) > 0)
		text.length -= length;
	if (!trimming.over)
		sqlite3_result_text64(context, text.at, text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void trim(sqlite3_context *context, int count, sqlite3_value **values)
{
	trim_sides(context, count, values, TRIM_FRONT | TRIM_BACK);
}

static void ltrim(sqlite3_context *context, int count, sqlite3_value **values)
{
	trim_sides(context, count, values, TRIM_FRONT);
}

static void rtrim(sqlite3_context *context, int count, sqlite3_value **values)
{
	trim_sides(context, count, values, TRIM_BACK);
}

/* LIKE and GLOB: the pattern is the first argument */

/* Whether the arguments are no blob and the pattern is not too long; if not, the call has its result. As in Debian's
 * SQLite, a blob matches nothing. */
static bool check_types(sqlite3_context *context, sqlite3_value **values)
{
	int most = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);

	if (sqlite3_value_type(values[0]) == SQLITE_BLOB || sqlite3_value_type(values[1]) == SQLITE_BLOB) {
		sqlite3_result_int(context, 0);
		return false;
	}
	if (sqlite3_value_bytes(values[0]) > most) {
		sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
		return false;
	}
	return true;
}

/* Whether a match of two strings ends soon; if not, or when one is NULL, the call has its result. */
static bool check_time(sqlite3_context *context, sqlite3_value **values, char wildcard)
{
	struct pa_span pattern = text_of(values[0]), text = text_of(values[1]);

	if (!pattern.at || !text.at)
		return false;
	uint64_t steps =
		memchr(pattern.at, wildcard, pattern.length) ? (uint64_t)pattern.length * text.length : text.length;
	if (steps > MATCH_STEPS && steps > text.length) {
		sqlite3_result_error(context, "LIKE or GLOB pattern too complex for a value this long", -1);
		return false;
	}
	return has_time(context, steps);
}

static void glob(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	if (check_types(context, values) && check_time(context, values, '*'))
		sqlite3_result_int(context, sqlite3_strglob((const char *)sqlite3_value_text(values[0]),
										(const char *)sqlite3_value_text(values[1])) == 0);
}

/* A copy of the pattern whose escape character, a wildcard of its own, is replaced by '\'. NULL without memory. */
static char *with_backslash(const char *pattern, char escape)
{
	char *copy = sqlite3_malloc64(2 * strlen(pattern) + 1), *to = copy;

	if (!copy)
		return NULL;
	for (; *pattern; pattern++) {
		if (*pattern == escape) {
			*to++ = '\\';
			if (!*++pattern)
				break;
			*to++ = *pattern;
			continue;
		}
		if (*pattern == '\\')
			*to++ = '\\';
		*to++ = *pattern;
	}
	*to = '\0';
	return copy;
}

/* The code of the first character, as SQLite reads what may be broken UTF-8. */
static unsigned int code_of(struct pa_span character)
{
	unsigned int code = (unsigned char)character.at[0];

	if (code < 0xc0)
		return code;
	if (code < 0xe0)
		code &= 0x1f;
	else if (code < 0xf0)
		code &= 0x0f;
	else
		code &= code < 0xf8 ? 0x07 : code < 0xfc ? 0x03 : code < 0xfe ? 0x01 : 0;
	for (size_t i = 1; i < character.length; i++)
		code = (code << 6) + ((unsigned char)character.at[i] & 0x3f);
	return code < 0x80 || (code & 0xfffff800) == 0xd800 || (code & 0xfffffffe) == 0xfffe ? 0xfffd : code;
}

/* The character that the ESCAPE clause names. False for NULL or another number of characters: the call has its result.
 */
static bool read_escape(sqlite3_context *context, sqlite3_value *value, unsigned int *escape)
{
	struct pa_span text = pa_text_span((const char *)sqlite3_value_text(value));

	if (!text.at)
		return false;
	if (text.length > 0 && first_character(text).length == text.length) {
		*escape = code_of(text);
		return true;
	}
	sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
	return false;
}

static void like(sqlite3_context *context, int count, sqlite3_value **values)
{
	unsigned int escape = 0;
	char *copy = NULL;

	if (!check_types(context, values) || (count > 2 && !read_escape(context, values[2], &escape)) ||
		!check_time(context, values, '%'))
		return;
	const char *pattern = (const char *)sqlite3_value_text(values[0]);
	if (escape == '%' || escape == '_') {
		pattern = copy = with_backslash(pattern, (char)escape);
		escape = '\\';
	}
	if (pattern)
		sqlite3_result_int(context, sqlite3_strlike(pattern, (const char *)sqlite3_value_text(values[1]), escape) == 0);
	else
		sqlite3_result_error_nomem(context);
	sqlite3_free(copy);
}

int pa_sqlite_functions_add(sqlite3 *handle, struct pa_sqlite_limit *limit)
{
	static const struct {
		const char *name;
		int arguments;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} all[] = {{"instr", 2, instr}, {"replace", 3, replace}, {"trim", 1, trim}, {"trim", 2, trim}, {"ltrim", 1, ltrim},
		{"ltrim", 2, ltrim}, {"rtrim", 1, rtrim}, {"rtrim", 2, rtrim}, {"like", 2, like}, {"like", 3, like},
		{"glob", 2, glob}};
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (sqlite3_create_function(handle, all[i].name, all[i].arguments, flags, limit, all[i].call, NULL, NULL) !=
			SQLITE_OK)
			return -1;
	return 0;
}
