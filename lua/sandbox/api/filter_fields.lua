-- The fields of a destination filter: read from a request and checked.
local body = require "api.body"
local fql = require "filtering.fql"
local json = require "partnerapp.json"

local fields = {}

--- The fields that a request can set: the paths of an update mask.
fields.names = { ["if"] = true, actions = true, title = true, description = true, enabled = true }

local EMPTY = { ["if"] = "", actions = json.array {}, title = "", description = "", enabled = false }

local TITLE_MOST, DESCRIPTION_MOST = 64, 10000
local PARTS = { context = true, properties = true, traits = true }

local function is_object(value)
	return type(value) == "table" and not json.is_array(value)
end

local checks = {}

function checks.drop_event() end

function checks.sample_event(action)
	local percent, path = action.percent, action.path
	if type(percent) ~= "number" or percent < 0 or percent > 1 then
		return "percent must be from 0 to 1"
	elseif path ~= nil and type(path) ~= "string" then
		return "path must be a string"
	end
end

function checks.whitelist_fields(action)
	if not is_object(action.fields) or next(action.fields) == nil then
		return "fields must have context, properties or traits"
	end
	for part, listed in pairs(action.fields) do
		if not PARTS[part:match "^[^.]*"] or not is_object(listed) or not json.is_array(listed.fields) then
			return "fields must have lists of names for context, properties or traits"
		end
		for _, name in ipairs(listed.fields) do
			if type(name) ~= "string" then
				return "fields must be lists of strings"
			end
		end
	end
end

checks.blacklist_fields = checks.whitelist_fields

local function actions_problem(actions)
	if not json.is_array(actions) or #actions == 0 then
		return "actions must be a list with at least one action"
	end
	for _, action in ipairs(actions) do
		local check = is_object(action) and type(action.type) == "string" and checks[action.type]
		if not check then
			return "an action's type must be drop_event, sample_event, whitelist_fields or blacklist_fields"
		end
		local problem = check(action)
		if problem then
			return action.type .. ": " .. problem
		end
	end
end

local function is_text(value, most)
	return type(value) == "string" and utf8.len(value) ~= nil and utf8.len(value) <= most
end

-- What is wrong with a filter that has all its fields, or nil.
local function problem_of(filter)
	if not is_text(filter["if"], fql.LENGTH_MOST) or not filter["if"]:find "%S" then
		return ("if must be a condition in FQL of at most %d bytes"):format(fql.LENGTH_MOST)
	elseif not is_text(filter.title, TITLE_MOST) then
		return ("title must be a string of at most %d characters"):format(TITLE_MOST)
	elseif not is_text(filter.description, DESCRIPTION_MOST) then
		return ("description must be a string of at most %d characters"):format(DESCRIPTION_MOST)
	elseif type(filter.enabled) ~= "boolean" then
		return "enabled must be a boolean"
	end
	local _, problem = fql.compile(filter["if"])
	if problem then
		return "if: " .. problem
	end
	return actions_problem(filter.actions)
end

--- A filter with new values in the `named` fields, and what is wrong with it. A named field that the request does not
--- have gets its empty value.
---@param filter table
---@param asked table the filter of the request
---@param named table<string, true>
---@return table filter, string? problem
function fields.changed(filter, asked, named)
	local new = {}
	for name, empty in pairs(EMPTY) do
		local given = body.field(asked, name)
		if not named[name] then
			new[name] = filter[name]
		elseif given == nil then
			new[name] = empty
		elseif name == "enabled" then
			local read = body.boolean(given)
			new[name] = read == nil and given or read
		else
			new[name] = given
		end
	end
	return new, problem_of(new)
end

return fields
