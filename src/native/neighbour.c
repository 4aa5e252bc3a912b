/* require "native.neighbour": questions to the scripts of another server of this process. */
#include "native/modules.h"
#include "native/native.h"
#include "native/services.h"

#include <stdatomic.h>

#include "base/buffer.h"

static void free_answer(void *held)
{
	pa_buffer_free(held);
}

static int l_ask(lua_State *L)
{
	const struct pa_neighbour *neighbour = atomic_load(&pa_native_services(L)->neighbour);
	struct pa_span question = pa_native_check_span(L, 1);
	struct pa_error error = {0};

	if (!neighbour)
		return pa_native_fail(L, "absent", "no app runs in this process");
	struct pa_buffer *answer = pa_native_box(L, sizeof *answer, free_answer);
	pa_native_wait_begin(L); /* the other VM has a budget of its own */
	int asked = neighbour->ask(neighbour->context, question, answer, &error);
	pa_native_wait_end(L);
	if (asked < 0)
		return pa_native_fail_with(L, &error);
	lua_pushlstring(L, answer->at ? answer->at : "", answer->length);
	return 1;
}

int pa_native_open_neighbour(lua_State *L)
{
	static const luaL_Reg functions[] = {{"ask", l_ask}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
