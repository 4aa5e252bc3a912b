-- A destination as Segment's manifest has it: the data of a definition, without its functions (actions-core,
-- DestinationDefinition).
local fields = require "partnerapp.destination.fields"
local json = require "partnerapp.json"
local members = require "partnerapp.destination.members"

local manifest = {}

-- An object with the members that have a value, in the order of the list.
local function object(list)
	local one = members.new()
	for i = 1, #list, 2 do
		if list[i + 1] ~= json.null then
			members.set(one, list[i], list[i + 1])
		end
	end
	return one
end

local function or_null(value)
	return value == nil and json.null or value
end

local function action_of(action)
	return object {
		"title",
		action.title,
		"description",
		or_null(action.description),
		"platform",
		action.platform,
		"defaultSubscription",
		or_null(action.trigger),
		"fields",
		fields.manifest(action.fields),
	}
end

local function preset_of(preset)
	return object {
		"name",
		preset.name,
		"subscribe",
		or_null(preset.trigger),
		"eventSlug",
		or_null(preset.event_slug),
		"partnerAction",
		preset.action,
		"mapping",
		preset.mapping,
		"type",
		preset.type,
	}
end

--- The manifest of a destination: an object whose members keep their order, for json.encode with `javascript`.
---@param destination table see destination/definition
---@return table
function manifest.of(destination)
	local actions, presets = members.new(), json.array {}
	for _, action in ipairs(destination.actions) do
		members.set(actions, action.name, action_of(action))
	end
	for i, preset in ipairs(destination.presets) do
		presets[i] = preset_of(preset)
	end
	local authentication = object {
		"scheme",
		destination.authentication.scheme,
		"fields",
		fields.manifest(destination.settings),
	}
	return object {
		"name",
		destination.name,
		"slug",
		or_null(destination.slug),
		"mode",
		"cloud",
		"description",
		or_null(destination.description),
		"authentication",
		authentication,
		"presets",
		presets,
		"actions",
		actions,
	}
end

return manifest
