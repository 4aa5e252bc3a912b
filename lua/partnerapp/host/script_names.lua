-- Names in a script that are not there: `reply.veiw`, `reply.view("hom")`, `require "pagse"`, `app.env.ACME_KYE`.
local free_names = require "partnerapp.host.free_names"
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"
local static = require "partnerapp.web.static"
local view = require "partnerapp.web.view"

local script_names = {}

local BINARY = { ["and"] = true, ["or"] = true }

local function is(token, kind, text)
	return token ~= nil and token.kind == kind and (not text or token.text == text)
end

-- Whether a token is the name of a field: `x.name`, `x:name`.
local function is_field(tokens, i)
	return is(tokens[i - 1], "sign", ".") or is(tokens[i - 1], "sign", ":")
end

-- The string that a call gets as its first argument: f "x", f("x", y). `at` is the token after the function.
local function first_string(tokens, at)
	local in_parentheses = is(tokens[at], "sign", "(")
	local token = tokens[in_parentheses and at + 1 or at]
	local after = tokens[at + 2]
	local is_all = not in_parentheses or is(after, "sign", ")") or is(after, "sign", ",")
	if is_all and is(token, "string") and not token.text:find "\\" then
		return token.text
	end
end

-- The module of the library that `require "x"` at a token gives, and the place of its last token.
local function required(tokens, i)
	local module = is(tokens[i], "name", "require") and not is_field(tokens, i) and first_string(tokens, i + 1)
	local last = is(tokens[i + 1], "sign", "(") and i + 3 or i + 1
	if module and module:find "^partnerapp" and (last == i + 1 or is(tokens[last], "sign", ")")) then
		return module, last
	end
end

-- Adds the modules of `local x, y = require "…", require "…"` at a token, by the places of their variables.
local function add_declared(tokens, i, modules)
	local names = {}
	repeat
		i = i + 1
		names[#names + 1] = i
		while is(tokens[i + 1], "sign", "<") do -- <const>
			i = i + 3
		end
		i = i + 1
	until not is(tokens[i], "sign", ",")
	for _, name in ipairs(is(tokens[i], "sign", "=") and names or {}) do
		local module, last = required(tokens, i + 1)
		local after = module and tokens[last + 1]
		local is_whole = after == nil or after.kind == "name" or is(after, "sign", ",") or is(after, "sign", ";")
		if not module or not is_whole or after and BINARY[after.text] then
			return
		end
		modules[name] = module
		if not is(after, "sign", ",") then
			return
		end
		i = last + 1
	end
end

-- Local variables that a module of the library is given to, by the places of their declarations.
local function declared_modules(tokens)
	local modules = {}
	for i, token in ipairs(tokens) do
		if is(token, "name", "local") and not is(tokens[i + 1], "name", "function") then
			add_declared(tokens, i, modules)
		end
	end
	return modules
end

-- Where the library's modules are used: the place of the last token of the variable or the call of require → module. A
-- variable that is given another value is left out.
local function uses_of_modules(tokens)
	local modules, places = declared_modules(tokens), {}
	local uses = next(modules) and free_names.of_locals(tokens, modules) or {}
	for _, use in ipairs(uses) do
		if use.is_set then
			modules[use.declared] = nil
		end
	end
	for _, use in ipairs(uses) do
		places[use.n] = modules[use.declared]
	end
	for i in ipairs(tokens) do
		local module, last = required(tokens, i)
		if module then
			places[last] = module
		end
	end
	return places
end

-- Raised text without its place.
local function without_place(message)
	return (tostring(message):gsub("^[^:]*:%d+: ", ""))
end

-- Why a module has no field of that name; nil when it has, or may have.
local function unknown_field(module, name)
	local fine, loaded = pcall(require, module)
	if not fine or type(loaded) ~= "table" then
		return nil
	end
	local known, message = pcall(function()
		return loaded[name]
	end)
	return not known and without_place(message) or nil
end

-- What reply.view and reply.file would raise for a name that the script says.
local missing = {}

function missing.view(name)
	return view.missing(name)
end

function missing.file(path)
	if not static.file(path) then
		return ("reply.file: there is no file '%s' in the app's folder%s"):format(path, static.meant(path))
	end
end

-- What is wrong with a field of a module, `http.gett`, or with the name that reply gets, and the line. At the place of
-- the token before the point.
local function wrong_field(tokens, i, module)
	local field = tokens[i + 2]
	if not module or not is(tokens[i + 1], "sign", ".") then
		return nil
	elseif not is(field, "name") or is(tokens[i + 3], "sign", "=") then
		return nil
	end
	local name = module == "partnerapp.reply" and missing[field.text] and first_string(tokens, i + 3)
	return unknown_field(module, field.text) or name and missing[field.text](name), field.line
end

-- Whether the app has the file of a module.
local function is_of_app(name)
	local file = name:gsub("%.", "/")
	return (scripts.read("app", file .. ".lua") or scripts.read("app", file .. "/init.lua")) ~= nil
end

-- What is wrong with the module of `require "x"`, and the line. A module of the app is looked for and not loaded.
local function wrong_module(tokens, i)
	if not is(tokens[i], "name", "require") or is_field(tokens, i) then
		return nil
	end
	local name = first_string(tokens, i + 1)
	if not name or is_of_app(name) then
		return nil
	end
	local fine, message = pcall(scripts.globals().require, name)
	return not fine and without_place(message) or nil, tokens[i].line
end

-- What is wrong with `app.env.NAME`, and the line.
local function wrong_setting(tokens, i, settings)
	local name = tokens[i + 4]
	if
		not is(tokens[i], "name", "app")
		or is_field(tokens, i)
		or not is(tokens[i + 1], "sign", ".")
		or not is(tokens[i + 2], "name", "env")
		or not is(tokens[i + 3], "sign", ".")
		or not is(name, "name")
		or is(tokens[i + 5], "sign", "=")
		or settings[name.text]
	then
		return nil
	end
	local known = {}
	for setting in pairs(settings) do
		known[#known + 1] = setting
	end
	table.sort(known)
	return ("app.env has no '%s'%s"):format(name.text, nearest(name.text, known)), name.line
end

--- Adds the app's own modules that one script names in quotes: `require "pages"`.
---@param names table<string, true>
---@param tokens partnerapp.host.token[]
function script_names.add_required(names, tokens)
	for i, token in ipairs(tokens) do
		local name = token.text == "require" and not is_field(tokens, i) and first_string(tokens, i + 1)
		if name and is_of_app(name) then
			names[name] = true
		end
	end
end

--- Adds what is wrong in one script, which compiles.
---@param problems string[] lines
---@param file string "init.lua"
---@param tokens partnerapp.host.token[]
---@param settings table<string, any>? the app's own, when they are known
function script_names.add_problems(problems, file, tokens, settings)
	local modules = uses_of_modules(tokens)
	for i in ipairs(tokens) do
		local message, line = wrong_field(tokens, i, modules[i])
		if not message then
			message, line = wrong_module(tokens, i)
		end
		if not message and settings then
			message, line = wrong_setting(tokens, i, settings)
		end
		if message then
			problems[#problems + 1] = ("%s:%d: %s"):format(file, line, message)
		end
	end
end

return script_names
