-- Destinations of a source (docs/segment.md 3.6) and their catalog (3.7).
local fields = require "partnerapp.segment.fields"
local json = require "partnerapp.json"
local names = require "partnerapp.segment.names"
local paging = require "partnerapp.segment.paging"

local FIELDS = { "enabled", "connection_mode", "config" }

-- Makes the list of named values that the API takes from { trackingId = "UA-1" }.
local function config_list(name, values)
	local keys, list = {}, json.array {}
	for key in pairs(values) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	for i, key in ipairs(keys) do
		list[i] = { name = name .. "/config/" .. key, value = values[key] }
	end
	return list
end

local function body_of(name, settings)
	local destination = { name = name, enabled = settings.enabled, connection_mode = settings.connection_mode }
	if settings.config ~= nil then
		if type(settings.config) ~= "table" then
			error("a destination's config must be a table, got " .. tostring(settings.config), 3)
		end
		destination.config = config_list(name, settings.config)
	end
	return destination
end

---@class partnerapp.segment.destination_settings
---@field enabled boolean?
---@field connection_mode "CLOUD"|"DEVICE"|"UNSPECIFIED"|nil
---@field config table<string, any>? by the settings' names

return function(Client)
	--- The destinations of a source. A scope destination/… does not reach them.
	---@param source string "workspaces/w/sources/s"
	---@return partnerapp.segment.pages
	function Client:destinations(source)
		return paging.new(self, names.check("source", source) .. "/destinations", "destinations")
	end

	--- The destination of that slug on a source.
	---@param source string
	---@param slug string "google-analytics"
	---@return table? destination, string? message, string? code, table? details
	function Client:get_destination(source, slug)
		return self:request("GET", names.destination(source, slug))
	end

	--- Creates a destination; code "already_exists" when the source has it.
	---@param source string
	---@param slug string
	---@param settings partnerapp.segment.destination_settings
	---@return table? destination, string? message, string? code, table? details
	function Client:create_destination(source, slug, settings)
		local name = names.destination(source, slug)
		fields.check("a destination", settings, FIELDS)
		local body = { destination = body_of(name, settings) }
		local made, err, code, details = self:request("POST", source .. "/destinations", body)
		if not made and err:find("destination already exists", 1, true) then
			code = "already_exists"
		end
		return made, err, code, details
	end

	--- Changes what `settings` has, and nothing else: the update mask is made from it.
	---@param source string
	---@param slug string
	---@param settings partnerapp.segment.destination_settings
	---@return table? destination, string? message, string? code, table? details
	function Client:update_destination(source, slug, settings)
		local name = names.destination(source, slug)
		fields.check("a destination", settings, FIELDS)
		local body =
			{ destination = body_of(name, settings), update_mask = fields.mask("destination.", settings, FIELDS) }
		body.destination.name = nil
		return self:request("PATCH", name, body)
	end

	---@param source string
	---@param slug string
	---@return table? empty, string? message, string? code, table? details
	function Client:delete_destination(source, slug)
		return self:request("DELETE", names.destination(source, slug))
	end

	--- The catalog: the destinations that can be created.
	---@return partnerapp.segment.pages
	function Client:catalog_destinations()
		return paging.new(self, "catalog/destinations", "destinations")
	end

	---@param slug string
	---@return table? item with its settings, string? message, string? code, table? details
	function Client:get_catalog_destination(slug)
		return self:request("GET", "catalog/destinations/" .. names.slug("destination", slug))
	end
end
