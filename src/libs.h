/*
 * What a script has of Lua's standard libraries, and `require`: rows SBX-01 to 07 and SBX-11, 12 of the trust table.
 * All globals are strict and read-only; a script of the app sees the library's modules as read-only.
 */
#ifndef PA_LIBS_H
#define PA_LIBS_H

#include <lua.h>
#include <stdbool.h>

/*
 * Opens them in a fresh state whose native context is attached. `privileged`: native.files may be required. May raise:
 * call it protected.
 */
void pa_libs_open(lua_State *L, bool privileged);

/* Replaces the table on top by a read-only view of it. May raise (memory). */
void pa_libs_freeze(lua_State *L);

/* Registry keys of the global tables that the app's and the library's chunks run in. */
#define PA_LIBS_APP_GLOBALS "partnerapp.app_globals"
#define PA_LIBS_LIBRARY_GLOBALS "partnerapp.library_globals"

#endif
