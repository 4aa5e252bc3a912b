/* Which origins were made ready in the last minute: a connection to one is made before it is needed, but not for each
 * customer. Any thread; never raises. */
#ifndef PA_WARM_H
#define PA_WARM_H

#include <stdbool.h>
#include <stdint.h>

struct pa_warm;

/* NULL without memory. */
struct pa_warm *pa_warm_new(void);
void pa_warm_free(struct pa_warm *warm);

/* True for an origin at most once in a minute. It remembers eight: a ninth takes the place of the oldest. `now_ms` is
 * of pa_clock_ms. */
bool pa_warm_take(struct pa_warm *warm, const char *origin, int64_t now_ms);

#endif
