-- Which mappings an event goes through: those that were given, else the automatic presets, else one for each action.
local directives = require "partnerapp.destination.directives"
local members = require "partnerapp.destination.members"
local trigger = require "partnerapp.destination.trigger"

local mappings = {}

---@class partnerapp.destination.mapping
---@field action string the name of the action
---@field trigger string?
---@field parsed partnerapp.destination.trigger? the trigger, when it can be read
---@field values table a value or a directive for each field
---@field compiled table? the values for directives.apply, when nothing is wrong with them
---@field takes_all boolean? it has no trigger and takes every event
---@field problem string? why one of the two is not there
---@field from string where it comes from, for the story

local NO_TRIGGER = "the action has no trigger"

-- `takes_all`: what to do without a trigger.
local function new(action, text, values, from, takes_all)
	local mapping = { action = action, trigger = text, values = values, from = from }
	if text then
		mapping.parsed, mapping.problem = trigger.parse(text)
	elseif takes_all then
		mapping.takes_all = true
	else
		mapping.problem = NO_TRIGGER
	end
	if mapping.parsed or mapping.takes_all then
		mapping.compiled, mapping.problem = directives.compile(values)
	end
	return mapping
end

--- The defaults of fields, as a mapping.
---@param fields table[] see destination/fields
---@return table
function mappings.defaults(fields)
	local values = members.new()
	for _, field in ipairs(fields) do
		if field.default ~= nil then
			members.set(values, field.name, field.default)
		end
	end
	return values
end

local function of_presets(destination)
	local list = {}
	for _, preset in ipairs(destination.presets) do
		if preset.type == "automatic" then
			local from = ("the preset '%s'"):format(preset.name)
			list[#list + 1] = new(preset.action, preset.trigger, preset.mapping, from)
		end
	end
	return list
end

local function of_actions(destination)
	local list = {}
	for _, action in ipairs(destination.actions) do
		if action.trigger then
			local from = "the action's trigger and the defaults of its fields"
			list[#list + 1] = new(action.name, action.trigger, mappings.defaults(action.fields), from)
		end
	end
	return list
end

--- The mappings of a destination that nothing else was given for.
---@param destination table whose actions and presets were read
---@return {presets: partnerapp.destination.mapping[], actions: partnerapp.destination.mapping[]}
function mappings.own(destination)
	return { presets = of_presets(destination), actions = of_actions(destination) }
end

local function of_action(list, name)
	local kept = {}
	for _, mapping in ipairs(list) do
		if not name or mapping.action == name then
			kept[#kept + 1] = mapping
		end
	end
	return kept
end

--- The mappings of a destination for one try. A given one takes every event when its action has no trigger.
---@param destination table see destination/definition
---@param only string? the name of an action: mappings of others are left out
---@param given table? values for that action's fields, in place of its own
---@return partnerapp.destination.mapping[]
function mappings.of(destination, only, given)
	local own, action = destination.mappings, only and destination.actions[only]
	if given and action then
		return { new(only, action.trigger, given, "the mapping that was given", true) }
	end
	local list = of_action(#own.presets > 0 and own.presets or own.actions, only)
	if only and #list == 0 then -- presets have other actions
		return of_action(own.actions, only)
	end
	return list
end

return mappings
