-- The schema configuration of a source: its fields, and what they are when they were never set.
local store = require "store"

local schema_config = {}

schema_config.DEFAULTS = {
	allow_unplanned_track_events = true,
	allow_unplanned_identify_traits = true,
	allow_unplanned_group_traits = true,
	allow_unplanned_track_event_properties = true,
	allow_track_event_on_violations = false,
	allow_identify_traits_on_violations = true,
	allow_group_traits_on_violations = true,
	allow_track_properties_on_violations = true,
	forwarding_blocked_events_to = "",
	forwarding_violations_to = "",
	common_track_event_on_violations = "ALLOW",
	common_identify_event_on_violations = "ALLOW",
	common_group_event_on_violations = "ALLOW",
}

--- All fields of a source's configuration.
---@param source {schema_config: string?} a row of the table sources
---@return table
function schema_config.of(source)
	local set, config = store.decode(source.schema_config) or {}, {}
	for name, default in pairs(schema_config.DEFAULTS) do
		config[name] = set[name]
		if set[name] == nil then
			config[name] = default
		end
	end
	return config
end

return schema_config
