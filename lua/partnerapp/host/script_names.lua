-- Names in a script that are not there: `reply.veiw`, `reply.view("hom")`, `require "pagse"`, `app.env.ACME_KYE`. A
-- module counts when the script gives it to one local variable, and has no other variable of that name.
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"
local static = require "partnerapp.web.static"
local view = require "partnerapp.web.view"

local script_names = {}

local function is(token, kind, text)
	return token ~= nil and token.kind == kind and (not text or token.text == text)
end

-- Whether a token after a string makes something else of it: `"x" .. y`, `("x"):rep(2)`.
local function continues(token)
	return is(token, "sign", "..") or is(token, "sign", ".") or is(token, "sign", ":")
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

-- The module of `local x = require "…"` at a token, and the name of x.
local function required(tokens, i)
	if
		not is(tokens[i], "name", "local")
		or not is(tokens[i + 2], "sign", "=")
		or not is(tokens[i + 3], "name", "require")
	then
		return nil
	end
	local in_parentheses = is(tokens[i + 4], "sign", "(")
	local at = in_parentheses and i + 5 or i + 4
	local after = tokens[in_parentheses and at + 2 or at + 1]
	local module = is(tokens[at], "string") and tokens[at].text
	if module and module:find "^partnerapp" and not continues(after) then
		return module, tokens[i + 1].text
	end
end

-- Adds the names that the parentheses after `function …` have. Where they end.
local function add_parameters(tokens, i, declared)
	while tokens[i] and not is(tokens[i], "sign", "(") do
		i = i + 1
	end
	while tokens[i] and not is(tokens[i], "sign", ")") do
		declared[tokens[i].text] = (declared[tokens[i].text] or 0) + 1
		i = i + 1
	end
end

-- Adds the names of a `local` or `for`.
local function add_names(tokens, i, declared)
	while is(tokens[i], "name") do
		declared[tokens[i].text] = (declared[tokens[i].text] or 0) + 1
		while is(tokens[i + 1], "sign", "<") do -- <const>
			i = i + 3
		end
		if not is(tokens[i + 1], "sign", ",") then
			return
		end
		i = i + 2
	end
end

-- Local name → module of the library.
local function modules_of(tokens)
	local modules, declared = {}, {}
	for i, token in ipairs(tokens) do
		local module, name = required(tokens, i)
		if module then
			modules[name] = module
		end
		if is(token, "name", "function") then
			add_parameters(tokens, i + 1, declared)
		elseif is(token, "name", "local") and is(tokens[i + 1], "name", "function") then
			add_names(tokens, i + 2, declared)
		elseif is(token, "name", "local") or is(token, "name", "for") then
			add_names(tokens, i + 1, declared)
		end
	end
	for name in pairs(modules) do
		if declared[name] ~= 1 then
			modules[name] = nil
		end
	end
	return modules
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

-- What is wrong with a field of a module, `http.gett`, or with the name that reply gets, and the line.
local function wrong_field(tokens, i, modules)
	local module = tokens[i].kind == "name" and modules[tokens[i].text]
	local field = tokens[i + 2]
	if not module or is_field(tokens, i) or not is(tokens[i + 1], "sign", ".") then
		return nil
	elseif not is(field, "name") or is(tokens[i + 3], "sign", "=") then
		return nil
	end
	local name = module == "partnerapp.reply" and missing[field.text] and first_string(tokens, i + 3)
	return unknown_field(module, field.text) or name and missing[field.text](name), field.line
end

-- What is wrong with the module of `require "x"`, and the line. A module of the app is looked for and not loaded.
local function wrong_module(tokens, i)
	if not is(tokens[i], "name", "require") or is_field(tokens, i) then
		return nil
	end
	local name = first_string(tokens, i + 1)
	local file = name and name:gsub("%.", "/")
	if not name or scripts.read("app", file .. ".lua") or scripts.read("app", file .. "/init.lua") then
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

--- Adds what is wrong in one script, which compiles.
---@param problems string[] lines
---@param file string "init.lua"
---@param tokens partnerapp.host.token[]
---@param settings table<string, any>? the app's own, when they are known
function script_names.add_problems(problems, file, tokens, settings)
	local modules = modules_of(tokens)
	for i in ipairs(tokens) do
		local message, line = wrong_field(tokens, i, modules)
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
