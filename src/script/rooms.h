/*
 * The rooms of scripts. One table has for each room the names of its modules, the folder they are read from, and what
 * they may require; a further room is one more row. Pure: any thread, never raises.
 */
#ifndef PA_ROOMS_H
#define PA_ROOMS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum pa_room_id { PA_ROOM_APP, PA_ROOM_LIBRARY, PA_ROOM_DASHBOARD, PA_ROOM_CLI, PA_ROOMS };

enum pa_room_access {
	PA_ROOM_CLOSED, /* other rooms may require none of its modules */
	PA_ROOM_FLAT,   /* only the modules in the folder itself, not those in folders below it */
	PA_ROOM_OPEN,   /* all of them */
};

struct pa_room {
	const char *name;           /* in native.scripts */
	const char *prefix;         /* of module names: "cli.x" is x.lua of that room; NULL: every other name */
	const char *folder;         /* below the library's; NULL: the app's own folder */
	bool trusted;               /* its modules may require all rooms and native.* */
	bool has_pages;             /* views and static files are found by names that begin with its prefix */
	bool command_line;          /* only the VMs of the command line have it */
	enum pa_room_access access; /* for modules of other rooms that are not trusted */
};

extern const struct pa_room pa_rooms[PA_ROOMS];

/* The room of a module; *rest is the module's name inside it ("init" for the prefix alone). */
enum pa_room_id pa_rooms_of(const char *module, const char **rest);

/* Whether a module of room `caller` may require a module of room `id`; `deep`: its file is in a folder below the
 * room's. */
bool pa_rooms_admits(enum pa_room_id caller, enum pa_room_id id, bool deep);

/* The folders of the rooms, for pa_snapshot_read; they point into `paths`, so the struct must not be copied. */
struct pa_room_paths {
	char paths[PA_ROOMS][PATH_MAX + 16];
	const char *folders[PA_ROOMS];
};

/* Fills in the folder of the app (NULL: none), of the library and, with `cli`, of the command line. */
void pa_rooms_locate(struct pa_room_paths *paths, const char *app, const char *library, bool cli);

#endif
