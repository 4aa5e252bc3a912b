-- The fields of a destination: read from a request and checked.
local assumptions = require "assumptions"
local body = require "api.body"
local json = require "partnerapp.json"
local paths = require "api.paths"
local setting_values = require "api.setting_values"

local fields = {}

local MODES = { UNSPECIFIED = true, CLOUD = true, DEVICE = true }
local OUTPUT_ONLY = {
	name = true,
	parent = true,
	display_name = true,
	create_time = true,
	update_time = true,
	slug = true,
	catalog_id = true,
	update_mask = true,
}

--- The fields that a request can set: the paths of an update mask.
fields.names = { enabled = true, config = true, connection_mode = true }

local function read_entry(item, prefix, entry)
	local key = type(entry) == "table" and paths.below(entry.name, prefix)
	if not key then
		return nil, nil, "each entry of config must have a name that begins with " .. prefix
	end
	local setting = item.by_name[key]
	if not setting then
		return nil, nil, "unknown setting " .. key
	end
	local value = body.field(entry, "value")
	if setting.type == "BOOLEAN" and type(value) == "string" then
		local read = body.boolean(value)
		value = read == nil and value or read
	end
	local problem = value ~= nil and setting_values.problem(setting, value)
	if problem then
		return nil, nil, key .. " " .. problem
	end
	return key, value
end

-- The values of a request's config list by setting, or nil and what is wrong.
local function read_config(item, name, list)
	if not json.is_array(list) then
		return nil, "config must be a list"
	end
	local values, prefix = {}, name .. "/config/"
	for _, entry in ipairs(list) do
		local key, value, problem = read_entry(item, prefix, entry)
		if not key then
			return nil, problem
		end
		values[key] = value
	end
	return values
end

--- The fields of a request, or nil and what is wrong. A field that the request does not have is nil.
---@param item table the destination's entry in the catalog
---@param name string of the destination
---@param asked any the destination of the request
---@return {enabled: boolean?, connection_mode: string?, config: table?}? read, string? problem
function fields.read(item, name, asked)
	if type(asked) ~= "table" or json.is_array(asked) then
		return nil, "destination is missing"
	end
	for field in pairs(asked) do
		if not fields.names[field] and not OUTPUT_ONLY[field] then
			return nil, "unknown field " .. field
		end
	end
	local enabled, mode, config =
		body.field(asked, "enabled"), body.field(asked, "connection_mode"), body.field(asked, "config")
	local read = { connection_mode = mode }
	if enabled ~= nil then
		read.enabled = body.boolean(enabled)
		if read.enabled == nil then
			return nil, "enabled must be a boolean"
		end
	end
	if mode ~= nil and not MODES[mode] then
		return nil, "connection_mode must be UNSPECIFIED, CLOUD or DEVICE"
	end
	if config ~= nil then
		local values, problem = read_config(item, name, config)
		if not values then
			return nil, problem
		end
		read.config = values
	end
	return read
end

--- A required setting that is empty, so that the destination cannot be enabled; or nil (A28).
---@param item table the destination's entry in the catalog
---@param values table<string, any> by setting
---@return string?
function fields.missing(item, values)
	if assumptions.required_when_enabled then
		for _, setting in ipairs(item.settings) do
			if setting.required and setting_values.is_empty(values[setting.name]) then
				return setting.name
			end
		end
	end
end

return fields
