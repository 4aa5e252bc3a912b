/*
 * LG-01, LG-02: whatever is logged is one line of UTF-8 that is a JSON object, without a secret; for a terminal it has
 * no control byte but the line break. The input: message and fields, a NUL byte between them, the name of a field
 * before its
 * '='.
 */
#include "base/log.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/mask.h"
#include "fuzz/check.h"
#include "fuzz/grammar.h"

enum { FIELDS_MAX = 16, LINE_MAX_BYTES = 16 << 10 };

static const char *const secrets[] = {
	"secret-0001", "prefix-", "prefix-and-more", "p+ss/w:rd", "quote\"back\\slash", "müllersecret"};
static int out = -1; /* takes the place of standard error while a line is written */

static void set_up(void)
{
	out = memfd_create("log", 0);
	CHECK(out >= 0, "no memory");
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		pa_mask_add(secrets[i], strlen(secrets[i]));
}

/* Logs, and reads what was written into `line`. */
static struct pa_span written(
	struct pa_span message, const struct pa_log_field *fields, size_t count, enum pa_line_form form)
{
	static char line[LINE_MAX_BYTES];
	int saved = dup(STDERR_FILENO);

	CHECK(saved >= 0 && ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0, "no descriptor");
	CHECK(dup2(out, STDERR_FILENO) >= 0, "no descriptor");
	pa_log_open(PA_LOG_INFO, form);
	pa_log_fields(PA_LOG_INFO, "app", "id-1", message.at, message.length, fields, count);
	pa_log_open(PA_LOG_OFF, form);
	CHECK(dup2(saved, STDERR_FILENO) >= 0, "no descriptor");
	close(saved);
	ssize_t length = pread(out, line, sizeof line, 0);
	CHECK(length > 0, "nothing is written");
	return (struct pa_span){line, (size_t)length};
}

static void check_secrets(struct pa_span line)
{
	char encoded[64];

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		size_t length = strlen(secrets[i]);
		CHECK(!memmem(line.at, line.length, secrets[i], length), "the secret %s is in %.*s", secrets[i],
			(int)line.length, line.at);
		length = pa_text_encode((struct pa_span){secrets[i], length}, encoded);
		CHECK(!memmem(line.at, line.length, encoded, length), "the encoded secret %s is in %.*s", secrets[i],
			(int)line.length, line.at);
	}
}

static void check_line(struct pa_span line, bool people)
{
	CHECK(line.length <= 8192, "%zu bytes", line.length);
	CHECK(line.at[line.length - 1] == '\n', "the line does not end");
	CHECK(grammar_is_utf8(line), "it is not UTF-8: %.*s", (int)line.length, line.at);
	check_secrets(line);
	for (size_t i = 0; i + 1 < line.length; i++)
		CHECK(((unsigned char)line.at[i] >= 0x20 && line.at[i] != 0x7f) || (people && line.at[i] == '\n'), "byte %d",
			line.at[i]);
	if (people)
		return;
	enum grammar_answer answer = grammar_read((struct pa_span){line.at, line.length - 1});
	CHECK(answer == GRAMMAR_FINE || answer == GRAMMAR_TWICE, "answer %d: %.*s", (int)answer, (int)line.length, line.at);
	CHECK(line.at[0] == '{', "it is not an object");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pa_log_field fields[FIELDS_MAX];
	char *names[FIELDS_MAX];
	struct pa_span rest = {(const char *)data, size}, message, field, name;
	size_t count = 0;

	if (out < 0)
		set_up();
	if (!cut(&rest, '\0', &message))
		return 0;
	while (count < FIELDS_MAX && cut(&rest, '\0', &field)) {
		cut(&field, '=', &name);
		names[count] = malloc(name.length + 1);
		CHECK(names[count], "no memory");
		memcpy(names[count], name.at, name.length);
		names[count][name.length] = '\0';
		fields[count] = (struct pa_log_field){names[count], field.at ? field.at : "", field.length, false};
		count++;
	}
	for (int form = PA_LINE_JSON; form <= PA_LINE_TEXT; form++)
		check_line(written(message, fields, count, (enum pa_line_form)form), form != PA_LINE_JSON);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return 0;
}
