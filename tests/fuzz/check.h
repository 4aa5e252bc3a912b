/* The properties that a target asserts. One that does not hold ends the process with its reason on standard output:
 * libFuzzer and replay.c then tell the input. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define CHECK(condition, ...)                                                    \
	do {                                                                         \
		if (!(condition)) {                                                      \
			printf("%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition); \
			printf(__VA_ARGS__);                                                 \
			puts("");                                                            \
			fflush(stdout);                                                      \
			abort();                                                             \
		}                                                                        \
	} while (0)

/* The subject of each target; libFuzzer's name for it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts the bytes before the next `separator` off *rest; all of it when there is none. False when *rest is absent. */
static inline bool cut(struct pa_span *rest, char separator, struct pa_span *piece)
{
	*piece = (struct pa_span){"", 0};
	if (!rest->at)
		return false;
	const char *end = rest->length > 0 ? memchr(rest->at, separator, rest->length) : NULL;
	*piece = (struct pa_span){rest->at, end ? (size_t)(end - rest->at) : rest->length};
	*rest = end ? (struct pa_span){end + 1, rest->length - piece->length - 1} : (struct pa_span){NULL, 0};
	return true;
}

#endif
