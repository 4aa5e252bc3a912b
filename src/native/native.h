/*
 * What all native modules share: the context of a VM, failures, boxes, waits. One file of this folder is one
 * `require "native.<file>"` with one stub in lua/types/native. A module's function that fails returns `nil, message,
 * code`; it raises for a bug of the script only. All functions here run on the thread that runs the VM.
 */
#ifndef PA_NATIVE_H
#define PA_NATIVE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct pa_connection;
struct pa_request;

/* Makes the metatables of boxes and of lauxlib's large buffers. Made at their first use, they would stay unfinished for
 * the life of the VM when memory ran out meanwhile (SBX-16). Call before any module is opened. May raise (memory). */
void pa_native_prepare(lua_State *L);

/* Pushes nil, message, code and returns 3. The message is cut after 999 bytes. May raise (memory). */
int pa_native_fail(lua_State *L, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int pa_native_fail_with(lua_State *L, const struct pa_error *error);

/* Raises "not enough memory" for a lack in the whole process, which may pass: the request is answered with 503. */
_Noreturn void pa_native_no_memory(lua_State *L);

/* The string argument at `index`; its bytes are valid while the value is on the stack. Raises for another type. */
struct pa_span pa_native_check_span(lua_State *L, int index);

/* The string argument at `index`, for C functions that end at a NUL byte: raises for a string that has one, for they
 * would use another path or name than the script gave. Valid while the value is on the stack. */
const char *pa_native_check_text(lua_State *L, int index);

/*
 * A to-be-closed box: pushes a userdata and returns `size` zeroed bytes in it, aligned for pointers. close(those bytes)
 * is called once, when the C function that made the box returns or raises. Make the box first and keep in it what the
 * function acquires: then a raise of a later Lua call leaks nothing. close() must accept zeroed bytes, and must not use
 * the C function's own variables: when a raise closes the box, they are gone. May raise (memory).
 */
void *pa_native_box(lua_State *L, size_t size, void (*close)(void *held));

/* What the modules tell of the call that runs: the watchdog of script/budget reads it on its own thread. */
struct pa_native_call {
	atomic_int waits;   /* how many are open: the limits are not enforced meanwhile */
	atomic_int writers; /* how many connections that write are leased */
	_Atomic bool late;  /* set by the watchdog: the call has taken longer than it may */
};

/* What the modules know of the VM they run in. script/vm owns one for each lua_State. */
struct pa_native_context {
	struct pa_services *services;      /* borrowed; NULL while the command line makes a plan */
	struct pa_snapshot *snapshot;      /* the scripts the VM was made from; script/snapshot.h */
	struct pa_connection *transaction; /* the connection of the transaction the VM is in, or NULL; native/db.c */
	struct pa_native_call *call;       /* the one that runs now */
	const struct pa_request *request;  /* the one that runs now, or NULL */
	uintptr_t stack;                   /* the C stack's address where the call that runs began; script/vm sets it */
	int64_t late_ms;                   /* on the clock of pa_clock_ms: when the request has taken too long; 0: never */
	bool refused;                      /* pa_native_no_memory raised in this call; script/vm resets it */
	unsigned log_lines;                /* written in log_second, for pa_native_may_log */
	int64_t log_second;                /* of pa_clock_ms */
};

/* Stores the address of the context in the state's extra space, where each coroutine finds it too. Call before any
 * module is opened; the context outlives the state. */
void pa_native_attach(lua_State *L, struct pa_native_context *context);
struct pa_native_context *pa_native_context_of(lua_State *L);

/* Registry key of the global tables that chunks run in, a list by room (script/rooms). */
#define PA_NATIVE_GLOBALS "partnerapp.globals"
#define PA_NATIVE_LIBRARY "partnerapp.library"

/* Registry key of the name of the script whose main chunk runs now; absent at other times. */
#define PA_NATIVE_LOADING "partnerapp.loading"

/* Registry key of the function that gets what scripts print, instead of the log; absent outside of tests. */
#define PA_NATIVE_PRINTED "partnerapp.printed"

/* The services of the server that runs this script (native/services.h). Raises when the VM has none. */
struct pa_services *pa_native_services(lua_State *L);

/* The id of the request that runs now, or NULL. */
const char *pa_native_request_id(lua_State *L);

/* Counts one log line and returns whether the script may write it: at most 200 in one second (SBX-14). */
bool pa_native_may_log(lua_State *L);

/* Begin and end a wait: call around anything that blocks. The limits of the call do not interrupt it meanwhile. Pairs
 * nest. Nothing may raise between the two. */
void pa_native_wait_begin(lua_State *L);
void pa_native_wait_end(lua_State *L);

/* How many milliseconds the request that runs may still take; LONG_MAX when there is no limit, 0 when it is over. */
long pa_native_time_left(lua_State *L);

#endif
