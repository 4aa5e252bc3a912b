-- A destination as an entry of the sandbox's catalog (lua/sandbox/catalog), so that a customer of the sandbox can
-- enable it.
local json = require "partnerapp.json"

local catalog_entry = {}

local TYPES = { boolean = "BOOLEAN", number = "NUMBER", string = "STRING", password = "PASSWORD" }

-- The values of settings that were never set.
local EMPTY = { BOOLEAN = false, NUMBER = 0 }

local function choices_of(field)
	if not field.choices or field.type ~= "string" and field.type ~= "number" then
		return nil
	end
	local options = json.array {}
	for i, choice in ipairs(field.choices) do
		options[i] = choice.value
	end
	return options
end

-- A limit of a number; 0 is none.
local function limit_of(field, limit)
	return field.type == "number" and not field.multiple and limit ~= 0 and limit or nil
end

local function setting_of(field)
	local options = not field.multiple and choices_of(field) or nil
	local kind = field.multiple and "LIST" or options and field.type == "string" and "SELECT" or TYPES[field.type]
	local default = field.default
	if default == nil then
		default = EMPTY[kind] == nil and "" or EMPTY[kind]
	end
	return {
		name = field.name,
		display_name = field.label or field.name,
		type = kind,
		required = field.required == true,
		default = default,
		options = options,
		min = limit_of(field, field.minimum),
		max = limit_of(field, field.maximum),
	}
end

--- The entry of a destination.
---@param destination table see destination/definition
---@return table
function catalog_entry.of(destination)
	local settings = json.array {}
	for i, field in ipairs(destination.settings) do
		settings[i] = setting_of(field)
	end
	return {
		slug = destination.slug,
		display_name = destination.name,
		description = destination.description or "",
		website = "",
		components = json.array { "CLOUD" },
		platforms = json.array { "browser", "server", "mobile" },
		methods = json.array { "alias", "group", "identify", "page_view", "track" },
		category = "Raw Data",
		settings = settings,
	}
end

return catalog_entry
