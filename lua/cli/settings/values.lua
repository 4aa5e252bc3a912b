-- Finds the values of settings: flag, else environment, else .env, else default. All problems are collected, so that
-- one run of a command reports them all (OP-05).
local dotenv = require "cli.dotenv"
local files = require "native.files"
local nearest = require "partnerapp.nearest"
local private_file = require "cli.private_file"
local settings = require "cli.settings"
local white_space = require "partnerapp.store.white_space"

local values = {}

---@class cli.lookup where values are looked up: native.files, or a test's own
---@field env fun(name: string): string?
---@field read fun(path: string): string?, string?, string?
---@field stat fun(path: string): {mode: integer}?
---@field list fun(path: string): string[]?

---@class cli.found
---@field value table<string, string> by setting name; a setting without value and default is absent
---@field from table<string, string> "flag", "environment", "default", "unset", the path of .env or a secret's file, or
--- the variable that a default was read from
---@field location cli.location of the app
---@field app table<string, string> the other keys of .env, which are the app's own
---@field key_file string? the path of the file that SECRET_KEY was read from
---@field problems string[] messages; a command that has one ends with exit code 2
---@field warnings string[]

local function new_found(location)
	return { location = location, value = {}, from = {}, app = {}, problems = {}, warnings = {} }
end

-- The value unless it has a NUL byte: C would cut it there.
local function whole(value, name, found)
	if not value:find("\0", 1, true) then
		return value
	end
	found.problems[#found.problems + 1] = name .. " has a NUL byte"
end

-- The value that a place has for a name, without the white space around it (TO-05); nil when nothing is left.
local function given_in(place, name)
	local value = white_space.trim(place.get(name) or "")
	return value ~= "" and value or nil
end

-- NAME's value in a place; for a secret also the content of the file that NAME_FILE names there.
local function from_place(place, setting, lookup, found)
	local value = given_in(place, setting.name)
	if value then
		return whole(value, setting.name, found), place.name
	end
	local path = (setting.secret or setting.in_file) and given_in(place, setting.name .. "_FILE")
	if not path then
		return
	end
	local bytes, message = lookup.read(path)
	value = white_space.trim(bytes or "")
	if value == "" then
		message = message or path .. " is empty"
		found.problems[#found.problems + 1] = ("%s_FILE: %s"):format(setting.name, message)
		return
	end
	private_file.check(path, found.warnings, lookup)
	return whole(value, setting.name .. "_FILE", found), path
end

-- Fills found with every setting's value: by flag, else from the first place that has one, else the default.
local function collect(found, given, places, lookup)
	for _, setting in ipairs(settings.all) do
		local name = setting.name
		local value, from = given[name] and white_space.trim(given[name]), "flag"
		for _, place in ipairs(places) do
			if not value then
				value, from = from_place(place, setting, lookup, found)
			end
		end
		if not value then
			value, from = setting.default, "default"
			if type(value) == "function" then
				local read_from
				value, read_from = value(lookup, found)
				from = read_from or from
			end
		end
		if value and setting.check and value ~= "" then
			local checked, message = setting.check(value, lookup)
			if not checked then
				found.problems[#found.problems + 1] = ("%s (%s): %s"):format(name, from, message)
			end
			value = checked or value
		end
		found.value[name], found.from[name] = value, value and from or "unset"
	end
	return found
end

-- Whether the app's scripts name a key, or the key is one of another OAuth client: NAME_CLIENT_ID, NAME_CLIENT_SECRET.
local function is_of_app(key, app, lookup)
	for _, name in ipairs(app and lookup.list(app) or {}) do
		local path = app .. "/" .. name
		local found = files.stat(path)
		local is_pipe = found and found.kind == "other" -- to read one is to wait for its writer
		local bytes = name:match "%.lua$" and not is_pipe and lookup.read(path)
		if bytes and bytes:find(key, 1, true) then
			return true
		end
	end
	return key:match "_CLIENT_ID$" ~= nil or key:match "_CLIENT_SECRET$" ~= nil
end

-- What may have been meant by a key that is not a setting.
local function meant(key)
	local names = {}
	for i, setting in ipairs(settings.all) do
		names[i] = setting.name
	end
	return nearest(key, names, true)
end

local SHOWN = 3 -- names in a warning; .env may be shared with other programs, and have many

-- Warns about names in .env that are neither settings nor the app's: of each that may be misspelt, and of the rest.
local function warn_of_unknown(found, names)
	local rest = {}
	for _, name in ipairs(names) do
		local suggestion = meant(name)
		if suggestion ~= "" or #names <= SHOWN then
			local message = "%s: %s is not a setting, and the app's scripts do not name it%s"
			found.warnings[#found.warnings + 1] = message:format(found.location.env, name, suggestion)
		else
			rest[#rest + 1] = name
		end
	end
	if #rest > 0 then
		local list = table.concat(rest, ", ", 1, math.min(SHOWN, #rest)) .. (#rest > SHOWN and ", …" or "")
		local message = "%s: %d names are not settings, and the app's scripts do not name them: %s"
		found.warnings[#found.warnings + 1] = message:format(found.location.env, #rest, list)
	end
end

-- The keys of .env that are not settings.
local function take_app_settings(found, env, lookup)
	local unknown = {}
	for key, value in pairs(env) do
		if not settings.by_name(key) and not settings.by_name((key:gsub("_FILE$", ""))) then
			found.app[key] = value
			unknown[#unknown + 1] = not is_of_app(key, found.location.folder, lookup) and key or nil
		end
	end
	table.sort(unknown)
	warn_of_unknown(found, unknown)
end

-- Warns about references to other values in .env, which are not replaced: Segment would refuse such a credential.
local function warn_of_references(found)
	for _, setting in ipairs(settings.all) do
		local value = found.value[setting.name]
		local reference = found.from[setting.name] == found.location.env and value:match "%${[%a_][%w_]*"
		if reference then
			local message = "%s: %s has %s…}, which is not replaced by a value"
			found.warnings[#found.warnings + 1] = message:format(found.location.env, setting.name, reference)
		end
	end
end

--- Finds every setting's value.
---@param given table<string, string> the flags, by setting name
---@param location cli.location of the app, whose scripts may name keys of .env
---@param lookup cli.lookup? native.files by default
---@return cli.found
function values.find(given, location, lookup)
	lookup = lookup or files
	local found = new_found(location)
	local env = dotenv.read(location.env, found.problems, found.warnings, lookup)
	local function from_env(name)
		return env[name]
	end
	collect(
		found,
		given,
		{ { name = "environment", get = lookup.env }, { name = location.env, get = from_env } },
		lookup
	)
	local place = found.from.SECRET_KEY
	if place ~= "environment" and place ~= location.env and place ~= "unset" then
		found.key_file = place
	end
	take_app_settings(found, env, lookup)
	warn_of_references(found)
	return found
end

-- The files of this machine without its environment.
local files_only = { read = files.read, stat = files.stat, list = files.list, env = function() end }

--- Every setting's value by flag or default alone: an app's tests give the same results wherever they run.
---@param given table<string, string> the flags, by setting name
---@param location cli.location
---@return cli.found
function values.defaults(given, location)
	return collect(new_found(location), given, {}, files_only)
end

--- Prints warnings and problems. True when there is a problem: the command then ends with exit code 2.
---@param found cli.found
---@return boolean
function values.report(found)
	for _, note in ipairs(found.location.notes) do
		files.err("partnerapp: warning: " .. note .. "\n")
	end
	for _, warning in ipairs(found.warnings) do
		files.err("partnerapp: warning: " .. warning .. "\n")
	end
	for _, problem in ipairs(found.problems) do
		files.err("partnerapp: " .. problem .. "\n")
	end
	return #found.problems > 0
end

return values
