-- The actions of destination filters: what they leave of an event.
local crypto = require "partnerapp.crypto"
local fql = require "filtering.fql"
local json = require "partnerapp.json"

local actions = {}

local compiled = {}

local function condition_of(text)
	local known = compiled[text]
	if known == nil then
		known = fql.compile(text) or false
		compiled[text] = known
	end
	return known
end

local function at_path(event, path)
	for name in path:gmatch "[^.]+" do
		event = type(event) == "table" and event[name] or nil
	end
	return event
end

-- Whether a sample has an event: by the hash of the value at the action's path, so that equal values stay together.
-- Without such a value the choice is random.
local function is_sampled(event, action)
	local value = action.path and action.path ~= "" and at_path(event, action.path)
	local is_id = type(value) == "string" or type(value) == "number"
	local text = is_id and tostring(value) or crypto.token(16)
	return (">I4"):unpack(crypto.digest("sha256", text)) / 2 ^ 32 < action.percent
end

-- The order in which Segment applies actions, in whatever order they were created.
local STEPS = { "sample_event", "drop_event", "blacklist_fields", "whitelist_fields" }

local apply = {}

function apply.sample_event(event, action)
	return is_sampled(event, action) and event or nil
end

function apply.drop_event()
	return nil
end

local function without(event, action, keeps)
	local copy = {}
	for name, value in pairs(event) do
		local listed = action.fields[name]
		if listed and type(value) == "table" and not json.is_array(value) then
			local names, kept = {}, {}
			for _, one in ipairs(listed.fields) do
				names[one] = true
			end
			for key, inside in pairs(value) do
				if (names[key] == true) == keeps then
					kept[key] = inside
				end
			end
			value = kept
		end
		copy[name] = value
	end
	return copy
end

function apply.blacklist_fields(event, action)
	return without(event, action, false)
end

function apply.whitelist_fields(event, action)
	return without(event, action, true)
end

-- The actions of the enabled filters whose condition the event meets; nil when a condition cannot be compiled.
local function actions_for(event, filters)
	local list = {}
	for _, filter in ipairs(filters) do
		local condition = filter.enabled and condition_of(filter["if"])
		if filter.enabled and not condition then
			return nil
		elseif condition and condition(event) then
			table.move(filter.actions, 1, #filter.actions, #list + 1, list)
		end
	end
	return list
end

--- What filters leave of an event.
---@param event table
---@param filters table[] with `if`, `actions` and `enabled`
---@return table? event nil when it is dropped, also because a condition cannot be compiled
function actions.apply(event, filters)
	local due = actions_for(event, filters)
	if not due then
		return nil
	end
	for _, step in ipairs(STEPS) do
		for _, action in ipairs(due) do
			if action.type == step then
				event = apply[step](event, action)
				if not event then
					return nil
				end
			end
		end
	end
	return event
end

return actions
