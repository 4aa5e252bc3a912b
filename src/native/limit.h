/*
 * Token buckets by key, which limit how often a client may do something. One table of fixed size (4096 buckets) for all
 * VMs of a server; a new key replaces the least recently used one. Any thread; only the Lua function raises.
 */
#ifndef PA_LIMIT_H
#define PA_LIMIT_H

#include <stdint.h>

#include "base/message.h"

struct pa_limit;

/* NULL without memory. */
struct pa_limit *pa_limit_open(void);
void pa_limit_close(struct pa_limit *limit);

/*
 * Takes one token from the bucket of the key, which holds at most `burst` (at least 1) and gains `per_second`. 0, or
 * the seconds until there is a token. `now_ms` is a time in milliseconds that never goes back.
 */
double pa_limit_take(struct pa_limit *limit, struct pa_span key, double per_second, double burst, int64_t now_ms);

#endif
