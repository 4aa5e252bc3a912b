/* require "native.shared": a list of named values. */
#include "native/shared.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

enum { ENTRIES_MAX = 1000, VALUE_MAX = 48 << 10 };

struct entry {
	struct entry *next;
	size_t name_length, value_length;
	char bytes[]; /* name, value */
};

struct pa_shared {
	pthread_mutex_t mutex;
	struct entry *first;
	_Atomic size_t count; /* also read without the mutex: most of the time it is 0 */
};

struct pa_shared *pa_shared_open(void)
{
	struct pa_shared *shared = calloc(1, sizeof *shared);

	if (shared)
		pthread_mutex_init(&shared->mutex, NULL);
	return shared;
}

static void free_entry(struct entry *entry)
{
	explicit_bzero(entry->bytes, entry->name_length + entry->value_length);
	free(entry);
}

void pa_shared_close(struct pa_shared *shared)
{
	if (!shared)
		return;
	for (struct entry *entry = shared->first, *next; entry; entry = next) {
		next = entry->next;
		free_entry(entry);
	}
	pthread_mutex_destroy(&shared->mutex);
	free(shared);
}

/* The pointer to the entry of that name, or the last one, which is NULL. */
static struct entry **find(struct pa_shared *shared, struct pa_span name)
{
	struct entry **at = &shared->first;

	while (*at && ((*at)->name_length != name.length || memcmp((*at)->bytes, name.at, name.length) != 0))
		at = &(*at)->next;
	return at;
}

static void take_out(struct pa_shared *shared, struct entry **at)
{
	struct entry *entry = *at;

	if (!entry)
		return;
	*at = entry->next;
	shared->count--;
	free_entry(entry);
}

int pa_shared_put(struct pa_shared *shared, struct pa_span name, struct pa_span value)
{
	if (name.length + value.length > VALUE_MAX)
		return -1;
	struct entry *entry = malloc(sizeof *entry + name.length + value.length);
	if (!entry)
		return -1;
	entry->name_length = name.length;
	entry->value_length = value.length;
	memcpy(entry->bytes, name.at, name.length);
	memcpy(entry->bytes + name.length, value.at, value.length);
	pthread_mutex_lock(&shared->mutex);
	take_out(shared, find(shared, name));
	bool room = shared->count < ENTRIES_MAX;
	if (room) {
		entry->next = shared->first;
		shared->first = entry;
		shared->count++;
	}
	pthread_mutex_unlock(&shared->mutex);
	if (!room)
		free_entry(entry);
	return room ? 0 : -1;
}

int pa_shared_get(struct pa_shared *shared, struct pa_span name, struct pa_buffer *value)
{
	int result = 0;

	value->length = 0;
	if (shared->count == 0)
		return 0;
	pthread_mutex_lock(&shared->mutex);
	const struct entry *entry = *find(shared, name);
	if (entry)
		result = pa_buffer_add(value, entry->bytes + entry->name_length, entry->value_length) < 0 ? -1 : 1;
	pthread_mutex_unlock(&shared->mutex);
	return result;
}

void pa_shared_drop(struct pa_shared *shared, struct pa_span name)
{
	if (shared->count == 0)
		return;
	pthread_mutex_lock(&shared->mutex);
	take_out(shared, find(shared, name));
	pthread_mutex_unlock(&shared->mutex);
}

size_t pa_shared_count(struct pa_shared *shared)
{
	return shared->count;
}

int pa_shared_names(struct pa_shared *shared, struct pa_span prefix, struct pa_buffer *names)
{
	int result = 0;

	pthread_mutex_lock(&shared->mutex);
	for (const struct entry *entry = shared->first; entry && result == 0; entry = entry->next)
		if (entry->name_length >= prefix.length && memcmp(entry->bytes, prefix.at, prefix.length) == 0) {
			result = pa_buffer_add(names, entry->bytes, entry->name_length);
			if (result == 0)
				result = pa_buffer_add(names, "", 1);
		}
	pthread_mutex_unlock(&shared->mutex);
	return result;
}

/* The module */

static int l_put(lua_State *L)
{
	struct pa_span name = pa_native_check_span(L, 1), value = pa_native_check_span(L, 2);

	lua_pushboolean(L, pa_shared_put(pa_native_services(L)->shared, name, value) == 0);
	return 1;
}

static void wipe_value(void *held)
{
	struct pa_buffer *value = held;

	if (value->at)
		explicit_bzero(value->at, value->size);
	pa_buffer_free(value);
}

static int l_get(lua_State *L)
{
	struct pa_span name = pa_native_check_span(L, 1);
	struct pa_buffer *value = pa_native_box(L, sizeof *value, wipe_value);

	int found = pa_shared_get(pa_native_services(L)->shared, name, value);
	if (found < 0)
		pa_native_no_memory(L);
	if (found == 0)
		return 0;
	lua_pushlstring(L, value->length > 0 ? value->at : "", value->length);
	return 1;
}

static int l_drop(lua_State *L)
{
	pa_shared_drop(pa_native_services(L)->shared, pa_native_check_span(L, 1));
	return 0;
}

static void free_names(void *held)
{
	pa_buffer_free(held);
}

static int l_names(lua_State *L)
{
	struct pa_span prefix = pa_native_check_span(L, 1);
	struct pa_buffer *names = pa_native_box(L, sizeof *names, free_names);
	lua_Integer count = 0;

	if (pa_shared_names(pa_native_services(L)->shared, prefix, names) < 0)
		pa_native_no_memory(L);
	lua_newtable(L);
	for (size_t at = 0; at < names->length; at += strlen(names->at + at) + 1) {
		lua_pushstring(L, names->at + at);
		lua_rawseti(L, -2, ++count);
	}
	return 1;
}

int pa_native_open_shared(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"put", l_put}, {"get", l_get}, {"drop", l_drop}, {"names", l_names}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
