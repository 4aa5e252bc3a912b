/* Compares the bytes at a syntax error with what other languages write there. */
#include "base/json_mistake.h"

static const char not_finite[] = "NaN and Infinity are not JSON", quotes[] = "a string needs double quotes",
				  small[] = "true, false and null are in small letters", missing[] = "a value is missing here";

static const struct {
	const char *begin, *problem;
} mistakes[] = {
	{"NaN", not_finite},
	{"nan", not_finite},
	{"Inf", not_finite},
	{"inf", not_finite},
	{"+", "a number must not begin with +"},
	{".", "a digit is missing before the point"},
	{"True", small},
	{"TRUE", small},
	{"False", small},
	{"FALSE", small},
	{"Null", small},
	{"NULL", small},
	{"None", "None is not JSON: write null"},
	{"nil", "nil is not JSON: write null"},
	{"undefined", "undefined is not JSON: write null"},
	{"'", quotes},
	{"`", quotes},
	{"\u2018", quotes},
	{"\u2019", quotes},
	{"\u201c", quotes},
	{"\u201d", quotes},
	{"<", "'<' begins HTML or XML, not JSON"},
	{",", "a value is missing here, or a comma is too many"},
	{"]", "a value is missing here, or a comma is too many"},
	{"}", missing},
	{":", missing},
};

static bool begins_with(struct pa_span text, const char *word)
{
	size_t length = strlen(word);

	return text.length >= length && memcmp(text.at, word, length) == 0;
}

const char *pa_json_mistake_at(struct pa_span rest, bool is_inside, const char *expected)
{
	if (rest.length == 0 && is_inside)
		return "the text ends inside of an object or an array";
	if (rest.length == 0)
		return expected ? expected : "the text ends where a value is expected";
	if (begins_with(rest, "//") || begins_with(rest, "/*") || begins_with(rest, "#"))
		return "JSON has no comments";
	if (expected)
		return expected;
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
		if (begins_with(rest, mistakes[i].begin))
			return mistakes[i].problem;
	return "not a JSON value";
}

/* Whether the first two bytes are a byte order mark of UTF-16, or an ASCII character in UTF-16 or UTF-32. */
static bool is_wide(struct pa_span text)
{
	if (text.length < 2 || text.length % 2 != 0)
		return false;
	return memcmp(text.at, "\xff\xfe", 2) == 0 || memcmp(text.at, "\xfe\xff", 2) == 0 || !text.at[0] != !text.at[1];
}

const char *pa_json_mistake_text(struct pa_span text)
{
	if (is_wide(text))
		return "the text is UTF-16 or UTF-32, but JSON is UTF-8";
	return begins_with(text, "\x1f\x8b") ? "the text is packed with gzip" : NULL;
}
