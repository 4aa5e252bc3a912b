/*
 * The request object of a handler: a userdata over C memory whose fields are made when a script reads them. After
 * pa_native_request_end every access raises "request is over". Runs on the thread of the VM.
 */
#ifndef PA_NATIVE_REQUEST_H
#define PA_NATIVE_REQUEST_H

#include "base/message.h"

#include <lua.h>

/* Pushes an object for `request`, which is borrowed until pa_native_request_end. May raise (memory). */
void pa_native_request_push(lua_State *L, const struct pa_request *request);

/* Ends the object at `index`: it no longer points to the request. Never raises. */
void pa_native_request_end(lua_State *L, int index);

#endif
