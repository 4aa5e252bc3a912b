/*
 * The order of the members of decoded objects, for json.decode(text, { order = true }): a list of names in the field
 * `__order` of a metatable of their own. native/json_write writes them in that order. Runs on the thread of the VM.
 */
#ifndef PA_JSON_ORDER_H
#define PA_JSON_ORDER_H

#include <lua.h>

/* Turns the PA_JSON_KEYS member of the decoded object at `object`, if it has one, into its metatable. Names that are
 * array indexes come first, in ascending order, as in JavaScript. Returns the number of names, which is above the
 * number of members when the text has a name twice. May raise (memory). */
lua_Integer pa_json_order_take(lua_State *L, int object);

/* Takes names out of the metatable that are there twice: the first place stays, as in JavaScript. May raise (memory).
 */
void pa_json_order_drop_repeated(lua_State *L, int object);

#endif
