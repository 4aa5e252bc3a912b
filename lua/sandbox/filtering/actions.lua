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

-- The names of a list as a tree: "a.b" is { a = { b = true } }. The list's own names are there as they are too, for a
-- field may have a dot in its name.
local function tree_of(names)
	local tree, whole = {}, {}
	for _, name in ipairs(names) do
		whole[name] = true
		local at, last = tree, nil
		for part in name:gmatch "[^.]+" do
			if last then
				at[last] = type(at[last]) == "table" and at[last] or {}
				at = at[last]
			end
			last = part
		end
		if last and at[last] == nil then
			at[last] = true
		end
	end
	for name in pairs(whole) do
		tree[name] = true
	end
	return tree
end

-- A value with only the fields of a tree, or without them; of a list each element.
local function pruned(value, tree, keeps)
	if type(value) ~= "table" or value == json.null then
		return value
	end
	local copy = json.is_array(value) and json.array {} or {}
	for key, inside in pairs(value) do
		if json.is_array(value) then
			copy[key] = pruned(inside, tree, keeps)
		elseif type(tree[key]) == "table" then
			copy[key] = pruned(inside, tree[key], keeps)
		elseif (tree[key] == true) == keeps then
			copy[key] = inside
		end
	end
	return copy
end

-- A value that is pruned at a path.
local function pruned_at(value, path, tree, keeps)
	local name, rest = path:match "^([^.]+)%.?(.*)$"
	if not name then
		return pruned(value, tree, keeps)
	elseif type(value) ~= "table" or value == json.null or json.is_array(value) or value[name] == nil then
		return value
	end
	local copy = {}
	for key, inside in pairs(value) do
		copy[key] = inside
	end
	copy[name] = pruned_at(value[name], rest, tree, keeps)
	return copy
end

local function without(event, action, keeps)
	for path, listed in pairs(action.fields) do
		event = pruned_at(event, path, tree_of(listed.fields), keeps)
	end
	return event
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
