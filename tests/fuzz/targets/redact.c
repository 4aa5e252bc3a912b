/*
 * LG-01: what is stored of an exchange has no secret, whatever is around it; where nothing was replaced it is byte for
 * byte what came. The input: a byte for the text of the exchange that the others are put into.
 */
#include "traffic/redact.h"

#include "base/mask.h"
#include "fuzz/check.h"

static const char *const secrets[] = {"secret-0001", "prefix-", "prefix-and-more", "and-more-of-it", "p+ss/w:rd",
	"quote\"back\\slash", "m\xc3\xbcllersecret"};

static void check_secrets(struct pa_span text)
{
	char encoded[64];

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets && text.length > 0; i++) {
		size_t length = strlen(secrets[i]);
		CHECK(!memmem(text.at, text.length, secrets[i], length), "the secret %s is in %.*s", secrets[i],
			(int)text.length, text.at);
		length = pa_text_encode((struct pa_span){secrets[i], length}, encoded);
		CHECK(!memmem(text.at, text.length, encoded, length), "the encoded secret %s is in %.*s", secrets[i],
			(int)text.length, text.at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pa_redact redact;
	static const int places[] = {PA_ENTRY_URL, PA_ENTRY_REQUEST_HEAD, PA_ENTRY_RESPONSE_HEAD, PA_ENTRY_REQUEST_BODY};
	struct pa_entry entry = {0};
	struct pa_archive_row row;

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		pa_mask_add(secrets[i], strlen(secrets[i]));
	if (size < 1)
		return 0;
	int place = places[data[0] % 4];
	entry.texts[place] = (struct pa_span){(const char *)data + 1, size - 1};
	struct pa_entry *copy = pa_entry_copy(&entry);
	CHECK(copy, "no memory");
	CHECK(pa_redact_entry(&redact, copy, &row) == 0, "no memory");
	const struct pa_span got = row.texts[place];
	check_secrets(got);
	bool is_replaced = got.length > 0 && memmem(got.at, got.length, "***", 3);
	if (!is_replaced && !row.request_note && (place == PA_ENTRY_URL || place == PA_ENTRY_REQUEST_BODY))
		CHECK(pa_text_equal(got, copy->texts[place]), "it was changed");
	pa_entry_free(copy);
	return 0;
}
