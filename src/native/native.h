/*
 * The boundary to Lua. One file of this folder is one `require "native.<file>"` with one stub in lua/types/native; this
 * file has what all of them share. Everything that can fail returns `nil, message, code`; only bugs raise.
 */
#ifndef PA_NATIVE_H
#define PA_NATIVE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct pa_request;

/* The modules: names without "native.", ended by {NULL, NULL}. */
extern const luaL_Reg pa_native_modules[];            /* for every VM's library modules */
extern const luaL_Reg pa_native_privileged_modules[]; /* for the command line only */

int pa_native_open_crypto(lua_State *L);
int pa_native_open_db(lua_State *L);
int pa_native_open_files(lua_State *L);
int pa_native_open_http(lua_State *L);
int pa_native_open_json(lua_State *L);
int pa_native_open_limit(lua_State *L);
int pa_native_open_log(lua_State *L);
int pa_native_open_shared(lua_State *L);
int pa_native_open_request(lua_State *L);
int pa_native_open_scripts(lua_State *L);
int pa_native_open_sys(lua_State *L);

/* Pushes nil, message, code and returns 3. May raise (memory). */
int pa_native_fail(lua_State *L, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int pa_native_fail_with(lua_State *L, const struct pa_error *error);

/*
 * A to-be-closed box: pushes a userdata that calls release(*it) when the C function ends in whatever way, unless *it is
 * NULL by then. Make the box first, then acquire into it: any Lua call that may raise then leaks nothing. What it holds
 * lives on the heap: when a raise closes the box, the C function's own frame is gone.
 */
void **pa_native_box(lua_State *L, void (*release)(void *));

/* What the modules know of the VM they run in. The maker of a lua_State puts the address of one into its extra space
 * (pa_native_attach) before any module is opened; it outlives the state. */
struct pa_native_context {
	struct pa_services *services;     /* NULL on the command line */
	struct pa_snapshot *snapshot;     /* the scripts the VM was made from, or NULL; script/snapshot.h */
	atomic_int *waiting;              /* how many waits are open: the CPU budget is not enforced meanwhile; or NULL */
	const struct pa_request *request; /* the one that runs now, or NULL */
	unsigned log_lines;               /* written in log_second, for pa_native_may_log */
	int64_t log_second;
};

/* Registry key of the global table that the app's chunks run in. */
#define PA_NATIVE_APP_GLOBALS "partnerapp.app_globals"
void pa_native_attach(lua_State *L, struct pa_native_context *context);
struct pa_native_context *pa_native_context_of(lua_State *L);

/* The services of the server that runs this script (native/services.h); raises when there are none: a bug, for the
 * command line has none. */
struct pa_services *pa_native_services(lua_State *L);

/* The id of the request that runs now, or NULL. */
const char *pa_native_request_id(lua_State *L);

/* Whether the script may write another log line in this second; counts it (SBX-14). */
bool pa_native_may_log(lua_State *L);

/* Around anything that blocks: the call's budget does not count it and it is not interrupted. Pairs nest. Never raise
 * in between. */
void pa_native_wait_begin(lua_State *L);
void pa_native_wait_end(lua_State *L);

#endif
