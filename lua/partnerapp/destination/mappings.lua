-- Which mappings an event goes through: those that were given, else the automatic presets, else one for each action.
local members = require "partnerapp.destination.members"

local mappings = {}

---@class partnerapp.destination.mapping
---@field action string the name of the action
---@field trigger string
---@field values table a value or a directive for each field
---@field from string where it comes from, for the story

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
			list[#list + 1] = {
				action = preset.action,
				trigger = preset.trigger,
				values = preset.mapping,
				from = ("the preset '%s'"):format(preset.name),
			}
		end
	end
	return list
end

local function of_actions(destination)
	local list = {}
	for _, action in ipairs(destination.actions) do
		if action.trigger then
			list[#list + 1] = {
				action = action.name,
				trigger = action.trigger,
				values = mappings.defaults(action.fields),
				from = "the action's trigger and the defaults of its fields",
			}
		end
	end
	return list
end

--- The mappings of a destination for one try.
---@param destination table see destination/definition
---@param only string? the name of an action: mappings of others are left out
---@param given table? values for that action's fields, in place of its own
---@return partnerapp.destination.mapping[]
function mappings.of(destination, only, given)
	local action = only and destination.actions[only]
	if given and action then
		return { { action = only, trigger = action.trigger, values = given, from = "the mapping that was given" } }
	end
	local list = of_presets(destination)
	list = #list > 0 and list or of_actions(destination)
	local kept = {}
	for _, mapping in ipairs(list) do
		if not only or mapping.action == only then
			kept[#kept + 1] = mapping
		end
	end
	if only and #kept == 0 then -- presets have other actions
		for _, mapping in ipairs(of_actions(destination)) do
			if mapping.action == only then
				kept[#kept + 1] = mapping
			end
		end
	end
	return kept
end

return mappings
