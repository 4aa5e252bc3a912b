/* Each native module is one more line here. */
#include "native/modules.h"

const luaL_Reg pa_native_modules[] = {
	{"crypto", pa_native_open_crypto},
	{"db", pa_native_open_db},
	{"gzip", pa_native_open_gzip},
	{"http", pa_native_open_http},
	{"json", pa_native_open_json},
	{"limit", pa_native_open_limit},
	{"log", pa_native_open_log},
	{"neighbour", pa_native_open_neighbour},
	{"recordings", pa_native_open_recordings},
	{"shared", pa_native_open_shared},
	{"request", pa_native_open_request},
	{"scripts", pa_native_open_scripts},
	{"sys", pa_native_open_sys},
	{"traffic", pa_native_open_traffic},
	{NULL, NULL},
};

const luaL_Reg pa_native_privileged_modules[] = {
	{"files", pa_native_open_files},
	{"program", pa_native_open_program},
	{NULL, NULL},
};
