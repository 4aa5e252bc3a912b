-- Reads a destination's definition: checks every part, and says what is wrong with the line of the file. What actions
-- and settings need is loaded when there are some: many destinations are only enabled, in each VM of a server.
local nearest = require "partnerapp.nearest"
local scripts = require "native.scripts"

local definition = {}

local SCHEMES = { "custom", "basic", "oauth2", "oauth-managed" }
local PRESET_TYPES = { "automatic", "specificEvent" }

-- The parts of a definition, an action and a preset: the type of each, and whether it must be there.
local DESTINATION = {
	name = { "string", required = true },
	slug = { "string" },
	description = { "string" },
	settings = { "table" },
	authentication = { "table" },
	test_authentication = { "function" },
	refresh_access_token = { "function" },
	extend_request = { "function" },
	actions = { "table" },
	presets = { "table" },
	on_delete = { "function" },
	enable = { "function" },
}
local AUTHENTICATION = { scheme = { "string", required = true } }
local ACTION = {
	title = { "string" },
	description = { "string" },
	platform = { "string" },
	trigger = { "string" },
	fields = { "table" },
	dynamic_fields = { "table" },
	perform = { "function", required = true },
	perform_batch = { "function" },
	batch_keys = { "table" },
	batch_size = { "number" },
	batch_bytes = { "number" },
}
local PRESET = {
	name = { "string", required = true },
	action = { "string", required = true },
	trigger = { "string" },
	event_slug = { "string" },
	mapping = { "table", required = true },
	type = { "string" },
}

local function names_of(known)
	local names = {}
	for name in pairs(known) do
		names[#names + 1] = name
	end
	table.sort(names)
	return names
end

-- The problems so far, each with the word in the file that it is about.
local function complain(problems, about, message, ...)
	problems[#problems + 1] = { about = about, message = message:format(...) }
end

-- Checks the names and types of one table's parts. `positional`: its first value is its name.
local function check_parts(given, known, what, problems, positional)
	local names = names_of(known)
	for name in pairs(given) do
		if not (positional and name == 1) and not known[name] then
			complain(
				problems,
				tostring(name),
				"%s: unknown part '%s'%s",
				what,
				tostring(name),
				nearest(tostring(name), names)
			)
		end
	end
	for _, name in ipairs(names) do
		local wanted, value = known[name], given[name]
		if value == nil and wanted.required then
			complain(problems, what:match "'(.-)'", "%s: %s is missing", what, name)
		elseif value ~= nil and type(value) ~= wanted[1] then
			complain(problems, name, "%s: %s is a %s, and must be a %s", what, name, type(value), wanted[1])
		end
	end
end

local function check_word(value, words, what, problems)
	for _, word in ipairs(words) do
		if word == value then
			return
		end
	end
	complain(problems, value, "%s '%s'%s", what, tostring(value), nearest(tostring(value), words))
end

local function read_fields(given, options, what, problems)
	if given == nil then
		return {}
	end
	local list, message = require("partnerapp.destination.fields").read(given, options)
	for line in (list and "" or message .. "\n"):gmatch "([^\n]*)\n" do
		local name = line:match "^field '([^']*)'"
		complain(problems, name and name:match "[^.]*$", "%s: %s", what, line)
	end
	return list or {}
end

-- Directives that are wrong in themselves, in defaults and presets.
local function check_mapping(mapping, what, problems)
	local _, message, _, list = require("partnerapp.destination.directives").check(mapping)
	for _, line in ipairs(message and (list or { message }) or {}) do
		local meant = require("partnerapp.destination.mapping_hints").directive(line)
		local text = meant == "" and line or line:gsub("%.$", "") .. meant
		complain(problems, line:match "^/([^/ ]+)", "%s: %s", what, text)
	end
end

local function read_trigger(text, what, problems)
	if type(text) ~= "string" then
		return
	end
	local parsed, message = require("partnerapp.destination.trigger").parse(text)
	if not parsed then
		complain(problems, text, "%s: %s", what, message)
	end
	return parsed
end

local function read_dynamic(given, list, what, problems)
	local known = {}
	for i, field in ipairs(list) do
		known[i] = field.name
	end
	for name, fn in pairs(given or {}) do
		if type(fn) ~= "function" then
			complain(
				problems,
				tostring(name),
				"%s: dynamic_fields.%s is a %s, and must be a function",
				what,
				tostring(name),
				type(fn)
			)
		end
		local root = tostring(name):match "^[^.]*"
		local found = false
		for _, one in ipairs(known) do
			found = found or one == root
		end
		if not found then
			complain(
				problems,
				tostring(name),
				"%s: dynamic_fields names no field '%s'%s",
				what,
				tostring(name),
				nearest(root, known)
			)
		end
	end
end

local function read_action(given, number, problems)
	local name = type(given) == "table" and given[1]
	if type(name) ~= "string" or not name:find "^[%w_-]+$" then
		complain(problems, nil, 'number %d of actions is not an action: an action is { "name", perform = … }', number)
		return
	end
	local what = ("action '%s'"):format(name)
	check_parts(given, ACTION, what, problems, true)
	local action = {
		name = name,
		title = given.title or name,
		description = given.description,
		platform = given.platform or "cloud",
		trigger = given.trigger,
		parsed_trigger = read_trigger(given.trigger, what, problems),
		perform = given.perform,
		perform_batch = given.perform_batch,
		dynamic_fields = given.dynamic_fields or {},
		batch_keys = given.batch_keys,
		batch_size = given.batch_size or 1000,
		batch_bytes = given.batch_bytes or 4000000,
	}
	local known = #problems
	action.fields = read_fields(given.fields, nil, what, problems)
	action.schema = require("partnerapp.destination.schema").of(action.fields)
	check_mapping(require("partnerapp.destination.mappings").defaults(action.fields), what .. ": defaults", problems)
	if type(given.dynamic_fields) == "table" and #problems == known then
		read_dynamic(given.dynamic_fields, action.fields, what, problems)
	end
	return action
end

-- A list that is also found by name.
local function read_actions(given, problems)
	local actions = {}
	for i, one in ipairs(type(given) == "table" and given or {}) do
		local action = read_action(one, i, problems)
		if action and actions[action.name] then
			complain(problems, action.name, "action '%s': the name is there twice", action.name)
		elseif action then
			actions[#actions + 1] = action
			actions[action.name] = action
		end
	end
	if type(given) == "table" and #given == 0 and next(given) ~= nil then
		complain(problems, "actions", 'actions is a list: { { "track", … } }, without names as keys')
	end
	return actions
end

local function read_preset(given, actions, problems)
	local what = ("preset '%s'"):format(tostring(type(given) == "table" and given.name))
	if type(given) ~= "table" then
		return complain(problems, "presets", "presets is a list of tables")
	end
	check_parts(given, PRESET, what, problems)
	if type(given.action) == "string" and not actions[given.action] then
		local names = {}
		for i, action in ipairs(actions) do
			names[i] = action.name
		end
		complain(
			problems,
			given.action,
			"%s: there is no action '%s'%s",
			what,
			given.action,
			nearest(given.action, names)
		)
	end
	local kind = given.type or "automatic"
	read_trigger(given.trigger, what, problems)
	if kind == "automatic" and not given.trigger then
		complain(problems, given.name, "%s: trigger is missing", what)
	elseif kind == "specificEvent" and not given.trigger and not given.event_slug then
		complain(problems, given.name, "%s: a specificEvent has an event_slug", what)
	end
	if type(given.mapping) == "table" then
		check_mapping(given.mapping, what .. ": mapping", problems)
	end
	check_word(kind, PRESET_TYPES, what .. ": unknown type", problems)
	return {
		name = given.name,
		action = given.action,
		trigger = given.trigger,
		event_slug = given.event_slug,
		mapping = given.mapping,
		type = kind,
	}
end

local function read_authentication(given, problems)
	local authentication = given.authentication
	if type(authentication) ~= "table" then
		return { scheme = "custom" }
	end
	check_parts(authentication, AUTHENTICATION, "authentication", problems)
	if authentication.scheme then
		check_word(authentication.scheme, SCHEMES, "authentication: unknown scheme", problems)
	end
	if given.refresh_access_token and not tostring(authentication.scheme):find "^oauth" then
		complain(problems, "refresh_access_token", "refresh_access_token belongs to the scheme oauth2")
	end
	return { scheme = authentication.scheme }
end

-- Lines

-- The first line of the source that has the word in quotes, or before an equals sign; else one that has it at all.
local function line_of(source, word)
	if not word or not source then
		return
	end
	local number, anywhere = 0, nil
	for line in (source .. "\n"):gmatch "([^\n]*)\n" do
		number = number + 1
		for _, quoted in ipairs { '"' .. word .. '"', "'" .. word .. "'" } do
			if line:find(quoted, 1, true) then
				return number
			end
		end
		local at, to = line:find(word, 1, true)
		if at and line:find("^%s*=", to + 1) then
			return number
		end
		anywhere = anywhere or at and number
	end
	return anywhere
end

-- Each problem with its file and line.
local function located(problems, place)
	local file, line = place:match "^(.*):([%d?]+)$"
	local source = file and scripts.read("app", file)
	local lines = {}
	for i, problem in ipairs(problems) do
		local at = line_of(source, problem.about) or line
		lines[i] = ("%s:%s: %s"):format(file or place, at or "?", problem.message)
	end
	return lines
end

local function add_paths(found, what, mapping)
	for _, warning in ipairs(require("partnerapp.destination.path_warnings").of(mapping)) do
		complain(found, warning.path, "%s: the path '%s': %s", what, warning.path, warning.message)
	end
end

-- What is not wrong, and surprises: how Segment reads triggers, presets that map to no field, and paths that no event
-- has.
local function surprises(destination)
	local mapping_hints = require "partnerapp.destination.mapping_hints"
	local mappings = require "partnerapp.destination.mappings"
	local found = {}
	for _, action in ipairs(destination.actions) do
		for _, warning in ipairs(action.parsed_trigger and action.parsed_trigger:warnings() or {}) do
			local message = "action '%s': the trigger, at character %d: %s"
			complain(found, action.trigger, message, action.name, warning.place, warning.message)
		end
	end
	for _, action in ipairs(destination.actions) do
		add_paths(found, ("action '%s'"):format(action.name), mappings.defaults(action.fields))
	end
	for _, preset in ipairs(destination.presets) do
		add_paths(found, ("preset '%s'"):format(preset.name), preset.mapping)
		for _, one in ipairs(mapping_hints.unknown(preset.mapping, destination.actions[preset.action])) do
			complain(found, one.name, "preset '%s' %s", preset.name, one.message)
		end
	end
	return found
end

local NO_ENABLE = "%s: '%s' has no enable: enable = function(env) return { enabled = true, config = { … } } end says "
	.. "what is configured on a customer's source"

-- An install flow calls `enable`, long after the file was loaded: without one it says what that is.
local function with_enable(destination)
	return setmetatable(destination, {
		__index = function(_, name)
			if name == "enable" then
				error(NO_ENABLE:format(destination.place, destination.slug or destination.name), 0)
			end
		end,
	})
end

--- Reads a definition. A wrong one raises, with one line for each problem.
---@param given table
---@return table destination name, slug, description, settings and each action's fields (destination/fields), actions
--- (a list, also by name), presets, authentication, the functions, and warnings (lines)
function definition.read(given)
	local place = scripts.caller()
	if type(given) ~= "table" then
		error(("%s: a destination is defined by a table, not a %s"):format(place, type(given)), 0)
	end
	local problems = {}
	check_parts(given, DESTINATION, "the destination", problems)
	local destination = {
		place = place,
		name = given.name,
		slug = given.slug,
		description = given.description,
		settings = read_fields(given.settings, { setting = true }, "settings", problems),
		authentication = read_authentication(given, problems),
		test_authentication = given.test_authentication,
		refresh_access_token = given.refresh_access_token,
		extend_request = given.extend_request,
		on_delete = given.on_delete,
		enable = given.enable,
		actions = read_actions(given.actions, problems),
		presets = {},
	}
	if #destination.settings > 0 then
		destination.settings_schema = require("partnerapp.destination.schema").of(destination.settings)
	end
	for i, preset in ipairs(type(given.presets) == "table" and given.presets or {}) do
		destination.presets[i] = read_preset(preset, destination.actions, problems)
	end
	if #problems > 0 then
		error(table.concat(located(problems, place), "\n"), 0)
	end
	destination.mappings = { presets = {}, actions = {} }
	if #destination.actions > 0 then
		destination.mappings = require("partnerapp.destination.mappings").own(destination)
	end
	return with_enable(destination)
end

--- What surprises in a definition that is not wrong.
---@param destination table
---@return string[] lines
function definition.warnings(destination)
	return located(surprises(destination), destination.place)
end

return definition
