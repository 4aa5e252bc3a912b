-- Which variables of a script are told as undeclared.
local free_names = require "partnerapp.host.free_names"
local lua_tokens = require "partnerapp.host.lua_tokens"
local testing = require "partnerapp.testing"
local undeclared = require "partnerapp.host.undeclared"

-- The uses of globals, as "name:line", with "=" after what is set.
local function uses(source)
	local list = {}
	for i, use in ipairs(free_names.of(lua_tokens.of(source))) do
		list[i] = ("%s:%d%s"):format(use.name, use.line, use.is_set and "=" or "")
	end
	table.sort(list)
	return table.concat(list, " ")
end

local CASES = {
	["local x = x"] = "x:1",
	["local x <const>, y <close> = a, b\nreturn x, y, z"] = "a:1 b:1 z:2",
	["x = y"] = "x:1= y:1",
	["x, t.a, t[k], y = 1"] = "k:1 t:1 t:1 x:1= y:1=",
	["x.y.z = 1"] = "x:1",
	["f(a).b = c"] = "a:1 c:1 f:1",
	["f 'a' { b } (c)"] = "b:1 c:1 f:1",
	["local f\nf:m 'x':n { y }"] = "y:2",
	["function f(a, ...) return a, f, b end"] = "b:1 f:1 f:1=",
	["function t.a.f(x) return self, x end"] = "self:1 t:1",
	["function t:f() return self end"] = "t:1",
	["local function f() return f end return f"] = "",
	["local f = function() return f end"] = "f:1",
	["for i = a, b do print(i) end return i"] = "a:1 b:1 i:1 print:1",
	["for k, v in pairs(t) do k = v end return k"] = "k:1 pairs:1 t:1",
	["repeat local x until x\nreturn x"] = "x:2",
	["while a do local b = 1 end return b"] = "a:1 b:1",
	["if a then local x elseif b then return x else return y end"] = "a:1 b:1 x:1 y:1",
	["do local x end return x"] = "x:1",
	["goto a ::a:: ::b:: goto b"] = "",
	["return { a = 1, b, [c] = d; e }"] = "b:1 c:1 d:1 e:1",
	["return -a ^ not b .. #c // ~d"] = "a:1 b:1 c:1 d:1",
	["return 0xA.8p-1, 3e+2, .5, 1 ..2, ..."] = "",
	["local _ENV = {} return x"] = "",
	["local function f(_ENV) return x end return y"] = "y:1",
	["return _ENV.x"] = "",
	["return ('x'):rep(n), a.b:c(d)"] = "a:1 d:1 n:1",
	["return 'a\\z\n  b', x"] = "x:2",
	["return function(...) local a = ... return a, ... end, a"] = "a:1",
	["return"] = "",
	["return;"] = "",
	["break_it() do return end"] = "break_it:1",
}

testing.case("the scopes of Lua are followed", function(t)
	for source, wanted in pairs(CASES) do
		t.equal(uses(source), wanted, source)
	end
end)

testing.case("what is cut short ends", function(t)
	local source =
		"local function f(a, b) if a then return { [b] = f(a), 'x' } end for i = 1, 2 do t.x:y(1)[i] = 2 end end"
	local tokens = lua_tokens.of(source)
	for count = 0, #tokens do
		t.truthy(free_names.of(table.move(tokens, 1, count, 1, {})))
	end
end)

local function problems_of(source)
	local problems = {}
	undeclared.add_problems(problems, "init.lua", lua_tokens.of(source))
	return table.concat(problems, "\n")
end

testing.case("a name is told once, with its lines", function(t)
	t.equal(
		problems_of "print(tostring(1), json, req)",
		"init.lua:1: undeclared variable 'json': write `local json = require \"partnerapp.json\"` first\n"
			.. "init.lua:1: undeclared variable 'req': it is the argument of a handler: function(req) … end"
	)
	t.contains(problems_of "\nreturn qqq,\nqqq, qqq", "init.lua:2: undeclared variable 'qqq' (also in line 3)")
	t.contains(problems_of(("qqq()\n"):rep(9)), "(also in lines 2, 3, 4, 5, 6, …)")
	t.equal(problems_of "count = count + 1", "init.lua:1: cannot set 'count': a variable needs `local` where it begins")
	t.contains(problems_of "string = nil", "cannot set 'string': it is Lua's or the library's")
end)
