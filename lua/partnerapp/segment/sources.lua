-- Workspaces (docs/segment.md 3.3), their sources, what those let through (3.4), and the catalog of sources (3.5).
local fields = require "partnerapp.segment.fields"
local names = require "partnerapp.segment.names"
local paging = require "partnerapp.segment.paging"

local SCHEMA_CONFIG = {
	"allow_unplanned_track_events",
	"allow_unplanned_identify_traits",
	"allow_unplanned_group_traits",
	"allow_unplanned_track_event_properties",
	"allow_track_event_on_violations",
	"allow_identify_traits_on_violations",
	"allow_group_traits_on_violations",
	"allow_track_properties_on_violations",
	"forwarding_blocked_events_to",
	"forwarding_violations_to",
	"common_track_event_on_violations",
	"common_identify_event_on_violations",
	"common_group_event_on_violations",
}

return function(Client)
	--- The workspaces that the token reaches.
	---@return partnerapp.segment.pages
	function Client:workspaces()
		return paging.new(self, "workspaces", "workspaces", true)
	end

	---@param workspace string "workspaces/w"
	---@return table? workspace, string? message, string? code, table? details
	function Client:get_workspace(workspace)
		return self:request("GET", names.check("workspace", workspace))
	end

	---@param workspace string
	---@return partnerapp.segment.pages
	function Client:sources(workspace)
		return paging.new(self, names.check("workspace", workspace) .. "/sources", "sources")
	end

	---@param source string "workspaces/w/sources/s"
	---@return table? source, string? message, string? code, table? details
	function Client:get_source(source)
		return self:request("GET", names.check("source", source))
	end

	--- Creates a source; code "already_exists" when the workspace has one of that slug.
	---@param workspace string
	---@param slug string of the new one: lower-case letters, digits, - and _
	---@param catalog_slug string of its kind: "javascript"
	---@return table? source, string? message, string? code, table? details
	function Client:create_source(workspace, slug, catalog_slug)
		local parent = names.check("workspace", workspace) .. "/sources"
		return self:request("POST", parent, {
			source = {
				name = parent .. "/" .. names.slug("source", slug),
				catalog_name = "catalog/sources/" .. names.slug("kind of source", catalog_slug),
			},
		})
	end

	--- Deletes a source and its destinations.
	---@param source string
	---@return table? empty, string? message, string? code, table? details
	function Client:delete_source(source)
		return self:request("DELETE", names.check("source", source))
	end

	---@param source string
	---@return table? schema_config, string? message, string? code, table? details
	function Client:get_schema_config(source)
		return self:request("GET", names.check("source", source) .. "/schema-config")
	end

	--- Changes what `changes` has, and nothing else.
	---@param source string
	---@param changes table
	---@return table? schema_config, string? message, string? code, table? details
	function Client:update_schema_config(source, changes)
		fields.check("a schema config", changes, SCHEMA_CONFIG)
		return self:request("PATCH", names.check("source", source) .. "/schema-config", {
			schema_config = changes,
			update_mask = fields.mask("schema_config.", changes, SCHEMA_CONFIG),
		})
	end

	--- The kinds of sources.
	---@return partnerapp.segment.pages
	function Client:catalog_sources()
		return paging.new(self, "catalog/sources", "sources")
	end

	---@param slug string
	---@return table? item, string? message, string? code, table? details
	function Client:get_catalog_source(slug)
		return self:request("GET", "catalog/sources/" .. names.slug("kind of source", slug))
	end
end
