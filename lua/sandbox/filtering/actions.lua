-- The actions of destination filters: what they leave of an event.
local crypto = require "partnerapp.crypto"
local fql = require "filtering.fql"
local json = require "partnerapp.json"

local actions = {}

local compiled = {}

local function condition_of(text)
	local known = compiled[text]
	if not known then
		local condition, problem = fql.compile(text)
		known = { holds = condition, problem = problem }
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

local function name_of(filter)
	local title = filter.title
	return title and title ~= "" and ('the filter "%s"'):format(title) or "a filter without a title"
end

-- The order in which Segment applies actions, in whatever order they were created.
local STEPS = { "sample_event", "drop_event", "blacklist_fields", "whitelist_fields" }

local apply = {}

function apply.sample_event(event, action, filter)
	if is_sampled(event, action) then
		return event
	end
	local sentence = "%s samples %g %% of the events with %s, and this one is not in the sample"
	return nil, sentence:format(name_of(filter), action.percent * 100, filter["if"])
end

function apply.drop_event(_, _, filter)
	return nil, ("%s drops events with %s"):format(name_of(filter), filter["if"])
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

-- Whether an event meets the condition of a filter. nil and a sentence when that cannot be said.
local function meets(event, filter)
	local condition = condition_of(filter["if"])
	if condition.problem then
		local sentence = "%s cannot be read, so that nothing is sent: %s: %s"
		return nil, sentence:format(name_of(filter), filter["if"], condition.problem)
	end
	local holds, why = condition.holds(event)
	if holds == nil then
		local sentence = "%s cannot judge the event, so that it is not sent: %s: %s"
		return nil, sentence:format(name_of(filter), filter["if"], why)
	end
	return holds
end

-- The actions of the enabled filters whose condition the event meets, each with its filter.
local function actions_for(event, filters)
	local list = {}
	for _, filter in ipairs(filters) do
		local holds, why = false, nil
		if filter.enabled then
			holds, why = meets(event, filter)
		end
		if holds == nil then
			return nil, why
		end
		for _, action in ipairs(holds and filter.actions or {}) do
			list[#list + 1] = { action = action, filter = filter }
		end
	end
	return list
end

--- What filters leave of an event.
---@param event table
---@param filters table[] with `if`, `actions`, `enabled` and perhaps a `title`
---@return table? event nil when it is dropped, also because a condition cannot be read or judged
---@return string? why it is dropped
function actions.apply(event, filters)
	local due, why = actions_for(event, filters)
	if not due then
		return nil, why
	end
	for _, step in ipairs(STEPS) do
		for _, one in ipairs(due) do
			if one.action.type == step then
				event, why = apply[step](event, one.action, one.filter)
				if not event then
					return nil, why
				end
			end
		end
	end
	return event
end

return actions
