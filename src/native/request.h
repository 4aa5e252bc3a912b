/* The request that runs now, as a script sees it: fields are made when they are asked for, and every access after the
 * response raises "request is over". */
#ifndef PA_NATIVE_REQUEST_H
#define PA_NATIVE_REQUEST_H

#include "base/message.h"

#include <lua.h>

/* Pushes a request object over `request`, which must live until pa_native_request_end. May raise (memory). */
void pa_native_request_push(lua_State *L, const struct pa_request *request);

/* Cuts the object at `index` off from its memory. Never raises. */
void pa_native_request_end(lua_State *L, int index);

#endif
