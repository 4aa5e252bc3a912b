/* Reads the table that a handler returned: { status, headers, body }. Runs on the thread of the VM. */
#ifndef PA_NATIVE_RESPONSE_H
#define PA_NATIVE_RESPONSE_H

#include <lua.h>

#include "base/message.h"

/* Copies the table on top of the stack into *response, which is empty. Leaves values on the stack. Raises when the
 * table is not a response, or without memory. */
void pa_native_response_read(lua_State *L, struct pa_response *response);

#endif
