/* What a handler returned, as scripts know it: { status, headers, body }. The other half of native/request. */
#ifndef PA_NATIVE_RESPONSE_H
#define PA_NATIVE_RESPONSE_H

#include <lua.h>

#include "base/message.h"

/* Copies the response table on top of the stack into an emptied *response. Raises when it is not a response. */
void pa_native_response_read(lua_State *L, struct pa_response *response);

#endif
