#include "base/encoding.h"

#include <string.h>

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), its = strlen(ending);

	return length >= its && strcmp(name + length - its, ending) == 0;
}

size_t pa_encoding_clean(const char *name, char *bytes, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";
	bool is_script = ends_with(name, ".lua");

	if (!is_script && !ends_with(name, ".html"))
		return length;
	if (length >= 3 && memcmp(bytes, mark, 3) == 0) {
		length -= 3;
		memmove(bytes, bytes + 3, length + 1); /* with the NUL after it */
	}
	if (is_script && length > 0 && bytes[0] == '#')
		for (size_t i = 0; i < length && bytes[i] != '\n' && bytes[i] != '\r'; i++)
			bytes[i] = ' ';
	return length;
}

bool pa_encoding_is_utf16(struct pa_span text)
{
	if (text.length >= 2 && (memcmp(text.at, "\xff\xfe", 2) == 0 || memcmp(text.at, "\xfe\xff", 2) == 0))
		return true;
	/* Of plain text without a mark, every other byte is 0. */
	return text.length >= 4 && (text.at[0] == '\0') != (text.at[1] == '\0') &&
		   (text.at[0] == '\0') == (text.at[2] == '\0') && (text.at[1] == '\0') == (text.at[3] == '\0');
}
