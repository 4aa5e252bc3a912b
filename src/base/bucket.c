#include "base/bucket.h"

double pa_bucket_take(struct pa_bucket *bucket, double per_second, double burst, int64_t now_ms)
{
	if (now_ms > bucket->seen_ms) {
		bucket->taken -= (double)(now_ms - bucket->seen_ms) / 1000 * per_second;
		bucket->seen_ms = now_ms;
	}
	if (bucket->taken < 0)
		bucket->taken = 0;
	if (bucket->taken + 1 <= burst) {
		bucket->taken += 1;
		return 0;
	}
	return (bucket->taken + 1 - burst) / per_second;
}
