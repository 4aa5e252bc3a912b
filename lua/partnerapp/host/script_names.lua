-- Names in a script that are not there: `reply.veiw`, `reply.view("hom")`. A module counts when the script gives it to
-- one local variable, and has no other variable of that name.
local lua_tokens = require "partnerapp.host.lua_tokens"
local view = require "partnerapp.web.view"

local script_names = {}

local function is(token, kind, text)
	return token ~= nil and token.kind == kind and (not text or token.text == text)
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
	if module and module:find "^partnerapp" and not is(after, "sign", ".") and not is(after, "sign", ":") then
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

-- Why a module has no field of that name; nil when it has, or may have.
local function unknown_field(module, name)
	local fine, loaded = pcall(require, module)
	if not fine or type(loaded) ~= "table" then
		return nil
	end
	local known, message = pcall(function()
		return loaded[name]
	end)
	return not known and tostring(message):gsub("^[^:]*:%d+: ", "") or nil
end

-- The view that `reply.view "x"` or `reply.view("x"` names.
local function view_name(tokens, i)
	local at = is(tokens[i + 3], "sign", "(") and i + 4 or i + 3
	local after = tokens[at + 1]
	if is(tokens[at], "string") and not tokens[at].text:find "\\" and not is(after, "sign", ".") then
		return tokens[at].text
	end
end

local function problem_at(tokens, i, modules)
	local module = tokens[i].kind == "name" and modules[tokens[i].text]
	local before, field = tokens[i - 1], tokens[i + 2]
	if not module or is(before, "sign", ".") or is(before, "sign", ":") or not is(tokens[i + 1], "sign", ".") then
		return nil
	elseif not is(field, "name") or is(tokens[i + 3], "sign", "=") and not is(tokens[i + 4], "sign", "=") then
		return nil
	end
	local name = module == "partnerapp.reply" and field.text == "view" and view_name(tokens, i)
	return unknown_field(module, field.text) or name and view.missing(name), field.line
end

--- Adds what is wrong in one script, which compiles.
---@param problems string[] lines
---@param file string "init.lua"
---@param source string
function script_names.add_problems(problems, file, source)
	local tokens = lua_tokens.of(source)
	local modules = modules_of(tokens)
	for i in ipairs(tokens) do
		local message, line = problem_at(tokens, i, modules)
		if message then
			problems[#problems + 1] = ("%s:%d: %s"):format(file, line, message)
		end
	end
end

return script_names
