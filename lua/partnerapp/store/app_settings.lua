-- An app's own settings, which it names in `env` of partnerapp.new: each is what the environment or .env says, else its
-- default. One that is required has none.
local hints = require "partnerapp.hints.names"
local scripts = require "native.scripts"
local settings = require "partnerapp.store.settings"

local app_settings = {}

---@class partnerapp.app_setting
---@field name string
---@field value string "" when a required one is not set
---@field from string "environment", ".env", "default", "settings" (of a test), "stand-in" or "unset"
---@field where string the line of the app that names the setting
---@field what string? of a required one: what it is for

-- What partnerapp.required returns, in the place of a default.
local Required = {}

local envs = {} -- { env = table, defaults = table, where = line }, for each app

-- Raises with the app's line, however many of the library's functions are in between.
local function wrong(message, ...)
	error(("%s: %s"):format(scripts.caller(), message:format(...)), 0)
end

--- Marks a setting as required: env = { ACME_KEY = partnerapp.required "the key of Acme's API" }.
---@param what string what the setting is for, for a person who has to set it
---@return table
function app_settings.required(what)
	if type(what) ~= "string" or what == "" then
		wrong 'partnerapp.required needs a text that says what the setting is for: partnerapp.required "the key of …"'
	end
	return setmetatable({ what = what, where = scripts.caller() }, Required)
end

local function is_required(default)
	return getmetatable(default) == Required
end

-- In tests, and for commands that only look at an app, a required setting has a value that stands for it.
local function stand_in(name)
	if settings.values.STAND_INS or settings.values.TESTING then
		return "test-" .. name, "stand-in"
	end
	return "", "unset"
end

local function find(name, default)
	local value, from = settings.find(name)
	if value then
		return value, from
	elseif is_required(default) then
		return stand_in(name)
	end
	return default, "default"
end

-- What is wrong with a setting that an app names, or nil.
local function problem_of(name, default)
	if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
		return ("'%s' cannot be the name of a setting"):format(tostring(name))
	elseif settings.is_of_server(name) then
		return ("'%s' is a setting of the server, which an app cannot read; choose another name"):format(name)
	elseif type(default) == "function" then
		local text = '%s: a default is a string; a setting without one is partnerapp.required "what it is for"'
		return text:format(name)
	end
end

-- Raises all problems of what an app names, each with the app's line, in the order of the names.
local function check(defaults)
	local problems, place = {}, scripts.caller()
	for name, default in pairs(defaults) do
		local problem = problem_of(name, default)
		problems[#problems + 1] = problem and ("%s: env: %s"):format(place, problem)
	end
	if problems[1] then
		table.sort(problems)
		error(table.concat(problems, "\n"), 0)
	end
end

local function fill(one)
	for name, default in pairs(one.defaults) do
		rawset(one.env, name, (find(name, default)))
	end
end

--- Reads the settings of an app. Raises with the app's line for a name that an app's setting cannot have.
---@param defaults table<string, any> by name
---@return table<string, any> env
function app_settings.read(defaults)
	check(defaults)
	local one = { env = {}, defaults = defaults, where = scripts.caller() }
	fill(one)
	envs[#envs + 1] = one
	return hints.strict("app.env", one.env)
end

--- Reads them again, into the tables that `read` has returned: for tests, which change settings.
function app_settings.read_again()
	for _, one in ipairs(envs) do
		fill(one)
	end
end

--- The settings of all apps that were made, sorted by name. Of two apps with one name the first counts.
---@return partnerapp.app_setting[]
function app_settings.all()
	local list, seen = {}, {}
	for _, one in ipairs(envs) do
		for name, default in pairs(one.defaults) do
			if not seen[name] then
				seen[name] = true
				local value, from = find(name, default)
				local marked = is_required(default) and default or {}
				list[#list + 1] =
					{ name = name, value = value, from = from, where = marked.where or one.where, what = marked.what }
			end
		end
	end
	table.sort(list, function(a, b)
		return a.name < b.name
	end)
	return list
end

--- The required ones that are not set, also when something stands for them.
---@return string[] lines each with the app's line
function app_settings.missing()
	local lines = {}
	for _, one in ipairs(app_settings.all()) do
		if one.what and (one.from == "unset" or one.from == "stand-in") then
			local text = "%s: %s is required and not set: %s; put it into .env or the environment"
			lines[#lines + 1] = text:format(one.where, one.name, one.what)
		end
	end
	return lines
end

return app_settings
