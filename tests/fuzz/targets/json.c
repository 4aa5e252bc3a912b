/* OP-09, TO-01, HT-23: decode accepts what RFC 8259 allows, but for what docs/promises.md says, and nothing else.
 * json.lua checks that values survive. */
#include "fuzz/check.h"
#include "fuzz/grammar.h"
#include "fuzz/script.h"

static bool refuses(const char *answer, const char *a, const char *b)
{
	return strstr(answer, a) || (b && strstr(answer, b));
}

/* The texts of errors are those of base/json_scan and native/json. */
static bool agrees(enum grammar_answer grammar, const char *answer)
{
	switch (grammar) {
	case GRAMMAR_FINE:
		return strcmp(answer, "") == 0;
	case GRAMMAR_DEEP:
		return refuses(answer, "too_deep ", "bad_json ");
	case GRAMMAR_SURROGATE:
		/* Two names that differ in a surrogate only are one when each is U+FFFD. */
		return strcmp(answer, "") == 0 || refuses(answer, "same key twice", NULL);
	case GRAMMAR_NUMBER:
		return refuses(answer, "bad_json ", NULL);
	case GRAMMAR_TWICE:
		return refuses(answer, "same key twice", NULL);
	default:
		return strcmp(answer, "") != 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	const char *answer = script_call("json", data, size);
	enum grammar_answer grammar = grammar_read((struct pa_span){(const char *)data, size});
	CHECK(agrees(grammar, answer), "the grammar says %d, decode says: %s", (int)grammar, answer);
	return 0;
}
