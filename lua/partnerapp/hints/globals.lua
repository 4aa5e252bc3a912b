-- What may have been meant by a global variable that is not declared.
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

local NIL = "Lua's is nil; JSON's is json.null of partnerapp.json"
local NO_FILES = "the scripts of an app have no files and load no code (docs/scripts.md)"

local HABITS = {
	null = NIL,
	undefined = NIL,
	None = NIL,
	NULL = NIL,
	Null = NIL,
	True = "Lua's is true",
	TRUE = "Lua's is true",
	False = "Lua's is false",
	FALSE = "Lua's is false",
	this = "Lua's is self, in a function that is called with ':'",
	console = "use print, or log.info of partnerapp.log",
	JSON = "use json.encode and json.decode of partnerapp.json",
	Math = "Lua's is math",
	Object = "an object is a table",
	Array = "a list is a table: { 1, 2 }",
	Number = "Lua's is tonumber",
	parseInt = "Lua's is tonumber",
	parseFloat = "Lua's is tonumber",
	String = "Lua's is tostring",
	str = "Lua's is tostring",
	len = "Lua's is #",
	range = "Lua's is for i = 1, n do … end",
	typeof = "Lua's is type(value)",
	new = "there are no classes: a module's function makes what it has",
	await = "calls wait by themselves, and others are served meanwhile",
	fetch = "use http.request of partnerapp.http",
	setTimeout = "a job runs with app:every(seconds, name, job)",
	setInterval = "a job runs with app:every(seconds, name, job)",
	process = "an app's own settings are app.env.NAME",
	env = "an app's own settings are app.env.NAME",
	module = "a module ends with `return` and its table",
	exports = "a module ends with `return` and its table",
	unpack = "Lua's is table.unpack",
	app = "write `local app = partnerapp.new { … }` first",
	req = "it is the argument of a handler: function(req) … end",
	const = "a variable is declared with `local`",
	let = "a variable is declared with `local`",
	var = "a variable is declared with `local`",
	["local"] = "a variable is declared with `local`",
	io = NO_FILES,
	debug = NO_FILES,
	load = NO_FILES,
	loadstring = NO_FILES,
	loadfile = NO_FILES,
	dofile = NO_FILES,
	package = NO_FILES,
}

local function names()
	local list = {}
	for name in pairs(scripts.globals()) do
		list[#list + 1] = name
	end
	table.sort(list)
	return list
end

--- The end of the message about an undeclared variable.
---@param name string
---@return string "" when nothing is near
return function(name)
	if HABITS[name] then
		return ": " .. HABITS[name]
	elseif name == "partnerapp" or scripts.read("library", name .. ".lua") then
		local module = name == "partnerapp" and name or "partnerapp." .. name
		return (': write `local %s = require "%s"` first'):format(name, module)
	end
	return nearest(name, names(), true)
end
