/* A token bucket: how often something may happen. Zero is a valid full one. Pure: the caller locks; never raises. */
#ifndef PA_BUCKET_H
#define PA_BUCKET_H

#include <stdint.h>

struct pa_bucket {
	double taken;    /* tokens that are missing */
	int64_t seen_ms; /* the time of the last call */
};

/*
 * Takes one token from a bucket that holds at most `burst` (at least 1) and gains `per_second`. 0, or the seconds until
 * there is a token. `now_ms` is a time in milliseconds; one that goes back adds no tokens.
 */
double pa_bucket_take(struct pa_bucket *bucket, double per_second, double burst, int64_t now_ms);

#endif
