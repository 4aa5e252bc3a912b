/* OP-09, TO-01, HT-23: decode accepts what RFC 8259 allows, but for what docs/promises.md says, and nothing else.
 * json.lua checks that values survive. */
#include "fuzz/check.h"
#include "fuzz/grammar.h"
#include "fuzz/script.h"

static bool refuses(const char *answer, const char *a, const char *b)
{
	return strstr(answer, a) || (b && strstr(answer, b));
}

/* Whether only strict reading refuses. */
static bool is_strict(const char *answer)
{
	return strncmp(answer, "strict ", 7) == 0;
}

/* The texts of errors are those of base/json_scan and native/json. `mark`: a byte order mark is in front. */
static bool agrees(enum grammar_answer grammar, const char *answer, bool mark)
{
	if (mark && grammar != GRAMMAR_WRONG && grammar != GRAMMAR_DEEP && grammar != GRAMMAR_NUMBER)
		return refuses(answer, "strict bad JSON at line 1, column 1: a byte order mark", NULL);
	switch (grammar) {
	case GRAMMAR_FINE:
		return strcmp(answer, "") == 0 || (is_strict(answer) && refuses(answer, "the integer is beyond 64 bits", NULL));
	case GRAMMAR_DEEP:
		return refuses(answer, "too_deep ", "bad_json ");
	case GRAMMAR_SURROGATE:
		return is_strict(answer);
	case GRAMMAR_NUMBER:
		return refuses(answer, "bad_json ", NULL);
	case GRAMMAR_TWICE:
		return is_strict(answer) && refuses(answer, "has this name already", "the integer is beyond 64 bits");
	default:
		return strcmp(answer, "") != 0 && !is_strict(answer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	const char *answer = script_call("json", data, size);
	bool mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
	struct pa_span text = {(const char *)data + 3 * mark, size - 3 * mark};
	enum grammar_answer grammar = grammar_read(text);
	CHECK(agrees(grammar, answer, mark), "the grammar says %d, decode says: %s", (int)grammar, answer);
	return 0;
}
