/*
 * Token buckets by key, for limits on how often somebody may do something: shared by all VMs of a server, in a table of
 * a fixed size, where those who were not seen the longest make room. Any thread.
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
 * Takes one token from the key's bucket, which holds `burst` and gains `per_second`. 0, or the seconds until there is
 * one. `now_ms` is a clock that only goes forward.
 */
double pa_limit_take(struct pa_limit *limit, struct pa_span key, double per_second, double burst, int64_t now_ms);

#endif
