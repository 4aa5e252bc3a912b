/*
 * Writes a Lua value as JSON (RFC 8259), for native/json. lua-cjson's encoder is not used: it keeps 14 digits of a
 * number, escapes every slash and writes an empty list as an object. Runs on the thread of the VM.
 */
#ifndef PA_JSON_WRITE_H
#define PA_JSON_WRITE_H

#include <lua.h>
#include <stdbool.h>

/*
 * Replaces the value on top by its JSON text and returns NULL. Or returns a static string, which names what JSON cannot
 * hold: the value is then still on top. Tables with the metatable at index `array_meta` are lists, also when empty.
 * With `javascript` the text is the one that JSON.stringify makes: members in the order of the list `__order` in the
 * object's metatable, then the others by name, and 1 for 1.0; else members are in any order and 1.0 is apart from 1.
 * All access is raw: no metamethod runs. May raise (memory).
 */
const char *pa_json_write(lua_State *L, int array_meta, bool javascript);

#endif
