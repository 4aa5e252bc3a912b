/* require "native.limit": token buckets in a hash table of fixed size. */
#include "native/limit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/bucket.h"
#include "base/clock.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

enum { SETS = 1024, WAYS = 4 }; /* a key's bucket is one of the WAYS buckets of its set */

struct bucket {
	uint64_t hash; /* of the key; 0: not in use */
	struct pa_bucket tokens;
};

struct pa_limit {
	pthread_mutex_t mutex;
	uint64_t seed; /* random: a client cannot find keys that share a set with another's */
	struct bucket buckets[SETS][WAYS];
};

struct pa_limit *pa_limit_open(void)
{
	struct pa_limit *limit = calloc(1, sizeof *limit);

	if (!limit)
		return NULL;
	if (getrandom(&limit->seed, sizeof limit->seed, 0) != sizeof limit->seed) {
		free(limit);
		return NULL;
	}
	pthread_mutex_init(&limit->mutex, NULL);
	return limit;
}

void pa_limit_close(struct pa_limit *limit)
{
	if (!limit)
		return;
	pthread_mutex_destroy(&limit->mutex);
	free(limit);
}

/* FNV-1a of seed and key, then the bits mixed as in splitmix64. Never 0. */
static uint64_t hash_of(const struct pa_limit *limit, struct pa_span key)
{
	uint64_t hash = 0xcbf29ce484222325u ^ limit->seed;

	for (size_t i = 0; i < key.length; i++)
		hash = (hash ^ (unsigned char)key.at[i]) * 0x100000001b3u;
	hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
	return (hash ^ (hash >> 31)) | 1;
}

/* The bucket of the key, or the one to replace: the least recently used one of the set. */
static struct bucket *find(struct pa_limit *limit, uint64_t hash)
{
	struct bucket *set = limit->buckets[hash >> 32 & (SETS - 1)], *oldest = &set[0];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].tokens.seen_ms < oldest->tokens.seen_ms)
			oldest = &set[i];
	}
	return oldest;
}

double pa_limit_take(struct pa_limit *limit, struct pa_span key, double per_second, double burst, int64_t now_ms)
{
	uint64_t hash = hash_of(limit, key);

	pthread_mutex_lock(&limit->mutex);
	struct bucket *bucket = find(limit, hash);
	if (bucket->hash != hash)
		*bucket = (struct bucket){.hash = hash, .tokens.seen_ms = now_ms};
	double wait = pa_bucket_take(&bucket->tokens, per_second, burst, now_ms);
	pthread_mutex_unlock(&limit->mutex);
	return wait;
}

/* The module */

static int l_take(lua_State *L)
{
	const struct pa_services *services = pa_native_services(L);
	struct pa_span key = pa_native_check_span(L, 1);
	lua_Number per_second = luaL_checknumber(L, 2), burst = luaL_checknumber(L, 3);
	luaL_argcheck(L, per_second > 0, 2, "must be more than 0");
	luaL_argcheck(L, burst >= 1, 3, "must be at least 1");
	lua_pushnumber(
		L, pa_limit_take(services->limit, key, per_second, burst, pa_clock_ms() + atomic_load(&services->clock_ms)));
	return 1;
}

int pa_native_open_limit(lua_State *L)
{
	static const luaL_Reg functions[] = {{"take", l_take}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
