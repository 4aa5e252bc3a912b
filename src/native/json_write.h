/*
 * Writes a Lua value as JSON (RFC 8259). lua-cjson keeps 14 digits of a number, escapes every slash and takes an empty
 * list for an object; all of that mended from outside was more than writing it right.
 */
#ifndef PA_JSON_WRITE_H
#define PA_JSON_WRITE_H

#include <lua.h>

/*
 * Pops the value on top, pushes its text and returns NULL; or returns what JSON cannot hold in it, a static text, the
 * value then still there. Tables with the metatable at index `array_meta` are lists, also when they are empty. Only raw
 * access: no metamethod runs. May raise (memory).
 */
const char *pa_json_write(lua_State *L, int array_meta);

#endif
