-- Templates: {{ expression }} escaped, {{{ expression }}} as it is, {% Lua %}, {# remark #}, {% include "name" %} and
-- {% layout "name" %}, whose `content` is then the page. The names in a template are the values it was given, a few of
-- Lua's functions and `asset`; any other name raises, so a value that may be missing is read as `values.name`.
-- Where a view is found: web/files.lua. Plain names in a page of a room are looked for in that room too. Each view is
-- compiled once in a VM, its lines kept as they are.
local files = require "partnerapp.web.files"
local names_of = require("partnerapp.hints.names").of
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

local view = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function text_of(value, code)
	local kind = type(value)
	if kind == "string" then
		return value
	elseif kind == "number" or kind == "boolean" then
		return tostring(value)
	elseif kind == "table" and getmetatable(value) and getmetatable(value).__tostring then
		return tostring(value)
	end
	error(("{{%s}} is %s"):format(code, value == nil and "nil" or "a " .. kind), 3)
end

local function escape(value, code)
	return (text_of(value, code):gsub("[&<>\"']", ESCAPES))
end

local function raw(value, code)
	return text_of(value, code)
end

--- A string made safe inside HTML and quoted attributes.
---@param value any
---@return string
function view.escape(value)
	return (tostring(value):gsub("[&<>\"']", ESCAPES))
end

-- The names that a template has besides its values.
local base

local function base_names()
	if not base then
		local globals = scripts.globals()
		base = {}
		for name in ("ipairs pairs select tonumber tostring type math os string table utf8 require"):gmatch("%a%w*") do
			base[name] = globals[name]
		end
		base.asset = require("partnerapp.web.static").address
	end
	return base
end

-- What may have been meant by a name in a view: one of its values, or of Lua's functions there.
local function meant(names, name)
	local known = names_of(rawget(names, "values"))
	table.move(names_of(base_names()), 1, #names_of(base_names()), #known + 1, known)
	return nearest(name, known, true)
end

local Names = {
	__index = function(names, name)
		local value = base_names()[name]
		if value == nil then
			local habit = require "partnerapp.hints.habits"["a view"][name]
			if habit then
				error(("undefined '%s': use %s"):format(name, habit), 2)
			end
			local message = "undefined '%s'%s; a value that may be missing is read as values.%s"
			error(message:format(name, meant(names, name), name), 2)
		end
		return value
	end,
}

local function newlines(text)
	return ("\n"):rep(select(2, text:gsub("\n", "")))
end

local NO_NAME = '%s takes the name of one view in quotes: {%% %s "name" %%}'

-- The view that a statement includes, or puts around itself, and which of both. Without one: why not, when the
-- statement is one of those and not a use of a value with that name.
local function named(code)
	local word, rest = code:match "^%s*(%a+)%s*(.-)%s*$"
	if word ~= "include" and word ~= "layout" or rest:find "^[=.,:]" or rest:find "^%[[^%[=]" then
		return nil
	end
	rest = rest:match "^%(%s*(.-)%s*%)$" or rest
	local name = rest:match '^"([^"\\\n]+)"$' or rest:match "^'([^'\\\n]+)'$"
	return name, word, not name and NO_NAME:format(word, word) or nil
end

local function statement(code)
	local name, word, problem = named(code)
	if not name then
		return not problem and " " .. code .. " " or nil, problem
	elseif word == "include" then
		return (" _v.include(_b, _ENV, %q) "):format(name)
	end
	return (" _v.layout(_b, %q) "):format(name)
end

local function expression(code, call)
	return (" _b[#_b + 1] = %s((%s), %q) "):format(call, code, code)
end

-- The forms of a template, the one with the longest beginning first.
local FORMS = {
	{
		"{{{",
		"}}}",
		function(code)
			return expression(code, "_v.raw")
		end,
	},
	{
		"{{",
		"}}",
		function(code)
			return expression(code, "_e")
		end,
	},
	{ "{%", "%}", statement },
	{ "{#", "#}", newlines },
}

local function form_at(source, at)
	for _, form in ipairs(FORMS) do
		if source:sub(at, at + #form[1] - 1) == form[1] then
			return form
		end
	end
end

local function line_of(source, at)
	return 1 + select(2, source:sub(1, at):gsub("\n", ""))
end

-- Calls text(what is between forms) and form(form, code, the code's place) in their order. A message with the line when
-- a form is never closed.
local function read(source, text, form)
	local at = 1
	while true do
		local start = source:find("{[{%%#]", at)
		local between = source:sub(at, (start or 0) - 1)
		if between ~= "" then
			text(between)
		end
		if not start then
			return nil
		end
		local found = form_at(source, start)
		local from = start + #found[1]
		local stop, last = source:find(found[2], from, true)
		if not stop then
			return ("%d: '%s' is never closed by '%s'"):format(line_of(source, start), found[1], found[2])
		end
		form(found, source:sub(from, stop - 1), from)
		at = last + 1
	end
end

-- Translates a template to Lua. The code, or nil and a message with the line.
local function translate(source)
	local parts = { "local _ENV, _b, _e, _v = ... " }
	local wrong
	local problem = read(source, function(text)
		parts[#parts + 1] = (" _b[#_b + 1] = %q "):format(text)
	end, function(form, code, at)
		local text, why = form[3](code)
		parts[#parts + 1] = text
		wrong = wrong or why and ("%d: %s"):format(line_of(source, at - 1), why)
	end)
	problem = wrong or problem
	return not problem and table.concat(parts) or nil, problem
end

local function compile(source, name)
	if scripts.is_utf16(source) then
		return nil, name .. ":1: the file is UTF-16: save it as UTF-8"
	end
	local code, problem = translate(source)
	local chunk
	if code then
		chunk, problem = scripts.compile(code, "@" .. name, {})
		-- What follows a statement is this file's own code.
		problem = problem and problem:gsub("near '_[bv]'", "near '%%}'")
		problem = problem and problem .. require "partnerapp.hints.syntax"(problem, source)
	else
		problem = name .. ":" .. problem
	end
	return chunk, problem
end

local chunks = {}

-- The views there are, by the names that a page may call them by.
local function known_views(inside)
	local list = {}
	for _, room in ipairs(inside and { inside } or { { name = "app" }, { name = "library" } }) do
		for _, file in ipairs(scripts.list(room.name, "views/")) do
			list[#list + 1] = file:match "^views/(.+)%.html$"
		end
	end
	return list
end

-- The source of a view, and its file; or nil and a message. A name that has more of the file's path is near its view.
local function source_of(name, inside)
	local source, file = files.read("views/", name .. ".html", inside)
	if not source then
		local short = name:gsub("^%./", ""):gsub("^views/", ""):gsub("%.html$", "")
		return nil, ("there is no view '%s' (%s)%s"):format(name, file, nearest(short, known_views(inside)))
	end
	return source, file
end

-- Raises as error does, for a view that is not there or cannot be compiled.
local function load(name, inside, level)
	local key = (inside and inside.label or "") .. ":" .. name
	local chunk = chunks[key]
	if not chunk then
		local source, file = source_of(name, inside)
		if not source then
			error(file, level + 1)
		end
		local problem
		chunk, problem = compile(source, file)
		if not chunk then
			error(problem, 0)
		end
		chunks[key] = chunk
	end
	return chunk
end

local helpers = { raw = raw }

function helpers.include(buffer, names, name)
	load(name, buffer.inside, 2)(names, buffer, escape, helpers)
end

function helpers.layout(buffer, name)
	load(name, buffer.inside, 2)
	buffer.layout = name
end

--- Renders a view.
---@param name string "home" is views/home.html; "partnerapp/layout" is one of the library's
---@param values table<string, any>?
---@return string html
function view.render(name, values)
	local inside = files.of(name)
	local names = setmetatable({ values = values or {} }, Names)
	for key, value in pairs(values or {}) do
		names[key] = value
	end
	while name do
		local buffer = { inside = inside }
		load(name, inside, 3)(names, buffer, escape, helpers)
		names.content = table.concat(buffer)
		name = buffer.layout
	end
	return names.content
end

--- Why a page cannot call a view by this name; nil when it can.
---@param name string
---@return string?
function view.missing(name)
	local source, message = source_of(name, files.of(name))
	return not source and message or nil
end

--- What is in the source of a view besides text, up to a form that is never closed.
---@param source string
---@return {line: integer, view: string?, code: string?}[] parts a view that is included or put around, or Lua code
function view.parts(source)
	local parts = {}
	read(source, function() end, function(form, code, at)
		local name = form[3] == statement and named(code)
		if form[3] ~= newlines then
			parts[#parts + 1] = { line = line_of(source, at - 1), view = name or nil, code = not name and code or nil }
		end
	end)
	return parts
end

--- What is wrong with the source of a view, and where, or nil. Keeps nothing.
---@param source string
---@param file string "views/home.html"
---@return string?
function view.problem(source, file)
	local chunk, message = compile(source, file)
	return not chunk and message or nil
end

return view
