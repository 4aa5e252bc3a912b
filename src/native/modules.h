/* The lists of native modules, and the functions that open them. Constant: any thread. */
#ifndef PA_NATIVE_MODULES_H
#define PA_NATIVE_MODULES_H

#include <lauxlib.h>

/* The modules: names without "native.", ended by {NULL, NULL}. */
extern const luaL_Reg pa_native_modules[];            /* every VM's library may require these */
extern const luaL_Reg pa_native_privileged_modules[]; /* the command line may require these too */

/* Each pushes the table of its module and returns 1; src/native/<name>.c defines it. May raise (memory). */
int pa_native_open_crypto(lua_State *L);
int pa_native_open_db(lua_State *L);
int pa_native_open_files(lua_State *L);
int pa_native_open_gzip(lua_State *L);
int pa_native_open_http(lua_State *L);
int pa_native_open_json(lua_State *L);
int pa_native_open_limit(lua_State *L);
int pa_native_open_log(lua_State *L);
int pa_native_open_neighbour(lua_State *L);
int pa_native_open_program(lua_State *L);
int pa_native_open_recordings(lua_State *L);
int pa_native_open_shared(lua_State *L);
int pa_native_open_request(lua_State *L);
int pa_native_open_scripts(lua_State *L);
int pa_native_open_sys(lua_State *L);
int pa_native_open_traffic(lua_State *L);

#endif
