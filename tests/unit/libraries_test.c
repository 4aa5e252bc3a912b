/* The string and table functions that scripts have, compared with Lua's own: results, errors and what they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/string_library.h"
#include "script/table_library.h"

/* Calls theirs[name] and ours[name] with equal arguments, and compares. `make` gives new arguments for each call. */
static const char *const harness =
	"local function shown(v) if type(v) ~= 'table' then return tostring(v) end local keys = {} "
	"for k, x in next, v do keys[#keys + 1] = tostring(k) .. '=' .. tostring(x) end table.sort(keys) "
	"return '{' .. table.concat(keys, ',') .. '}' end "
	"local function line(f, arguments) local results = table.pack(pcall(f, table.unpack(arguments, 1, arguments.n))) "
	"local out = {} for i = 1, results.n do out[i] = shown(results[i]) end "
	"for i = 1, arguments.n do out[#out + 1] = shown(arguments[i]) end "
	"return (table.concat(out, ' '):gsub('table: 0x%x+', 'table'):gsub('function: 0x%x+', 'function'):gsub(\"function "
	"'[^']*'\", 'function')"
	":gsub(\"bad argument #%d+ to '[^']*'\", 'bad argument'))  end "
	"function same(name, make) local want, got = line(theirs[name], make()), line(ours[name], make()) "
	"if want ~= got then error(name .. ': wanted ' .. want .. ' got ' .. got, 0) end end "
	"local seed = 1 function random(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff return (seed >> 8) % n end ";

static void compare(lua_CFunction open, void (*push)(lua_State *), const char *chunk)
{
	lua_State *L = luaL_newstate();

	luaL_openlibs(L);
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
	lua_setglobal(L, "theirs");
	push(L);
	lua_setglobal(L, "ours");
	if (luaL_dostring(L, harness) || luaL_dostring(L, chunk))
		fail_msg("%s", lua_tostring(L, -1));
	lua_close(L);
}

static void table_functions_are_as_in_Lua(void **state)
{
	(void)state;
	compare(luaopen_table, pa_table_library_push,
		"local function list() local t = {} for i = 1, random(6) do t[i] = i * 10 end return t end "
		"local edges = { math.mininteger, -1, 0, 1, 2, 3, 7, math.maxinteger } "
		"for i = 1, 3000 do "
		"  local saved, n, a, b, c = list(), 2 + random(3), edges[1 + random(8)], edges[1 + random(8)], "
		"edges[1 + random(8)] "
		"  local function copy() return table.move(saved, 1, #saved, 1, {}) end "
		"  same('insert', function() return table.pack(copy(), table.unpack({ a, b, c }, 1, n - 2)) end) "
		"  same('remove', function() return table.pack(copy(), table.unpack({ a }, 1, n - 2 > 0 and 1 or 0)) end) "
		"  local from, to = random(8) - 1, random(8) - 1 "
		"  same('move', function() return table.pack(copy(), from, to, c % 9 - 1) end) "
		"  same('move', function() return table.pack(copy(), from, to, 2, {}) end) "
		"  same('concat', function() return table.pack(copy(), ',', from, to) end) "
		"  same('unpack', function() return table.pack(copy(), from, to) end) "
		"  local mixed = {} for k = 1, random(7) do mixed[k] = random(3) == 0 and tostring(random(9)):rep(1 + "
		"random(99))"
		" or tostring(random(9)) end "
		"  same('sort', function() return table.pack(table.move(mixed, 1, #mixed, 1, {})) end) "
		"end "
		"for _, name in ipairs { 'insert', 'remove', 'move', 'concat', 'unpack', 'sort' } do "
		"  same(name, function() return table.pack() end) same(name, function() return table.pack(5) end) "
		"  same(name, function() return table.pack({}, {}) end) same(name, function() return table.pack({ {} }) end) "
		"  same(name, function() return table.pack({ 1, 2 }, 1, 2, 3, 4, 5) end) end "
		"same('move', function() return table.pack({}, math.mininteger, math.maxinteger, 1) end) "
		"same('move', function() return table.pack({}, 1, 2, math.maxinteger) end) "
		"same('concat', function() return table.pack({}, '', math.maxinteger, math.maxinteger) end) "
		"same('sort', function() return table.pack({ 3, 1, 2 }, function(x, y) return x > y end) end) "
		"same('sort', function() return table.pack({ 3, 'x' }) end) "
		"same('sort', function() return table.pack({ 1, 1, 1, 1 }, rawequal) end)");
}

static void string_functions_are_as_in_Lua(void **state)
{
	(void)state;
	compare(luaopen_string, pa_string_library_push,
		"local function word(n) local t = {} for i = 1, random(n) do t[i] = string.char(97 + random(2)) end "
		"return table.concat(t) end "
		"local edges = { math.mininteger, -9, -2, -1, 0, 1, 2, 9, math.maxinteger } "
		"for i = 1, 5000 do "
		"  local s, p, init, sep, times = word(12), word(4), edges[1 + random(9)], word(2), random(4) - 1 "
		"  same('find', function() return table.pack(s, p, init, init > 0) end) "
		"  same('find', function() return table.pack(s, p, init) end) "
		"  same('find', function() return table.pack(s, p .. '.', init, true) end) "
		"  same('find', function() return table.pack(s, '(' .. p .. ')', init) end) "
		"  same('match', function() return table.pack(s, p .. '+', init) end) "
		"  same('gsub', function() return table.pack(s, p, { a = 'x', ab = false }, i % 5 > 0 and i % 5 or nil) end) "
		"  same('gsub', function() return table.pack(s, p, string.upper) end) "
		"  same('gsub', function() return table.pack(s, '(a)(b?)', setmetatable({}, { __index = rawequal })) end) "
		"  same('rep', function() return table.pack(p, times, sep) end) end "
		"for _, name in ipairs { 'find', 'match', 'gsub', 'rep' } do same(name, function() return table.pack() end) "
		"  same(name, function() return table.pack({}) end) same(name, function() return table.pack('a', {}) end) "
		"  same(name, function() return table.pack('a', 'a', {}, {}) end) "
		"  same(name, function() return table.pack('a', '%') end) same(name, function() return table.pack(5, 5) end) "
		"end "
		"assert(ours.rep('', 1 << 60) == '' and ours.dump == nil) "
		"local words = {} for w in ours.gmatch('a b c', '%a') do words[#words + 1] = w end assert(#words == 3) "
		"local fine, message = pcall(ours.match, ('a'):rep(5000), '.-.-.-b') "
		"assert(not fine and message:find('may take too long on 5000 bytes', 1, true))");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_functions_are_as_in_Lua),
		cmocka_unit_test(string_functions_are_as_in_Lua),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
