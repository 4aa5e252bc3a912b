/* require "native.recordings": keeps a recorded try in an app's folder. The only file that a server's scripts write. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "native/modules.h"
#include "native/native.h"
#include "native/whole_file.h"

enum { NAME_MAX_LENGTH = 100, BYTES_MOST = 8 << 20 };

static const char *check_name(lua_State *L, int index)
{
	const char *name = pa_native_check_text(L, index);
	size_t length = strlen(name);

	luaL_argcheck(L, length >= 1 && length <= NAME_MAX_LENGTH, index, "must have 1 to 100 characters");
	luaL_argcheck(L, strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length, index,
		"must be letters, digits, - and _");
	return name;
}

static int l_keep(lua_State *L)
{
	const char *app = pa_native_check_text(L, 1), *slug = check_name(L, 2), *name = check_name(L, 3);
	struct pa_span bytes = pa_native_check_span(L, 4);
	char path[PATH_MAX], folder[PATH_MAX], part[PATH_MAX];

	luaL_argcheck(L, bytes.length <= BYTES_MOST, 4, "too long");
	int length = snprintf(folder, sizeof folder, "%s/destinations/tests/%s", app, slug);
	if (length >= (int)sizeof folder ||
		snprintf(path, sizeof path, "%s/%s.test.json", folder, name) >= (int)sizeof path)
		return pa_native_fail(L, "io", "%s: the name is too long", name);
	if (pa_whole_file_make_folder(folder, 0755, part) < 0)
		return pa_native_fail(L, "io", "%s: %s", part, strerror(errno));
	if (pa_whole_file_write(path, bytes, 0644, true) < 0)
		return pa_native_fail(L, errno == EEXIST ? "exists" : "io", "%s: %s", path, strerror(errno));
	lua_pushstring(L, path);
	return 1;
}

int pa_native_open_recordings(lua_State *L)
{
	static const luaL_Reg functions[] = {{"keep", l_keep}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
