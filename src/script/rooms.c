/* The table of rooms. */
#include "script/rooms.h"

#include <stdio.h>
#include <string.h>

const struct pa_room pa_rooms[PA_ROOMS] = {
	[PA_ROOM_APP] = {.name = "app", .access = PA_ROOM_OPEN},
	[PA_ROOM_LIBRARY] = {.name = "library",
		.prefix = "partnerapp",
		.folder = "partnerapp",
		.trusted = true,
		.has_pages = true,
		.access = PA_ROOM_FLAT},
	/* An app may have modules and views named "dashboard" itself. */
	[PA_ROOM_DASHBOARD] = {.name = "dashboard",
		.prefix = "partnerapp_dashboard",
		.folder = "dashboard",
		.has_pages = true,
		.access = PA_ROOM_CLOSED},
	[PA_ROOM_CLI] = {.name = "cli",
		.prefix = "cli",
		.folder = "cli",
		.trusted = true,
		.command_line = true,
		.access = PA_ROOM_CLOSED},
};

enum pa_room_id pa_rooms_of(const char *module, const char **rest)
{
	for (int id = 0; id < PA_ROOMS; id++) {
		const char *prefix = pa_rooms[id].prefix;
		size_t length = prefix ? strlen(prefix) : 0;
		if (!prefix || strncmp(module, prefix, length) != 0 || (module[length] != '.' && module[length] != '\0'))
			continue;
		*rest = module[length] ? module + length + 1 : "init";
		return (enum pa_room_id)id;
	}
	*rest = module;
	return PA_ROOM_APP;
}

bool pa_rooms_admits(enum pa_room_id caller, enum pa_room_id id, bool deep)
{
	if (caller == id || pa_rooms[caller].trusted || pa_rooms[id].access == PA_ROOM_OPEN)
		return true;
	return pa_rooms[id].access == PA_ROOM_FLAT && !deep;
}

void pa_rooms_locate(struct pa_room_paths *paths, const char *app, const char *library, bool cli)
{
	for (int id = 0; id < PA_ROOMS; id++) {
		const char *below = pa_rooms[id].folder;
		paths->folders[id] = NULL;
		if (pa_rooms[id].command_line && !cli)
			continue;
		if (!below) {
			paths->folders[id] = app;
			continue;
		}
		snprintf(paths->paths[id], sizeof paths->paths[id], "%s/%s", library, below);
		paths->folders[id] = paths->paths[id];
	}
}
