-- Tracking plans of a workspace (docs/segment.md 3.9), which are updated with PUT, and the sources that are connected
-- to them.
local fields = require "partnerapp.segment.fields"
local json = require "partnerapp.json"
local names = require "partnerapp.segment.names"
local paging = require "partnerapp.segment.paging"

local FIELDS = { "display_name", "rules" }

local function connections(plan)
	return names.check("tracking plan", plan) .. "/source-connections"
end

return function(Client)
	---@param workspace string "workspaces/w"
	---@return partnerapp.segment.pages
	function Client:tracking_plans(workspace)
		return paging.new(self, names.check("workspace", workspace) .. "/tracking-plans", "tracking_plans")
	end

	---@param plan string "workspaces/w/tracking-plans/rs_…"
	---@return table? plan, string? message, string? code, table? details
	function Client:get_tracking_plan(plan)
		return self:request("GET", names.check("tracking plan", plan))
	end

	--- Creates a plan: `display_name` and `rules`.
	---@param workspace string
	---@param plan table
	---@return table? plan, string? message, string? code, table? details
	function Client:create_tracking_plan(workspace, plan)
		fields.check("a tracking plan", plan, FIELDS)
		local path = names.check("workspace", workspace) .. "/tracking-plans"
		return self:request("POST", path, { tracking_plan = plan })
	end

	--- Changes what `changes` has, and nothing else.
	---@param plan string
	---@param changes table
	---@return table? plan, string? message, string? code, table? details
	function Client:update_tracking_plan(plan, changes)
		fields.check("a tracking plan", changes, FIELDS)
		return self:request("PUT", names.check("tracking plan", plan), {
			tracking_plan = changes,
			update_mask = fields.mask("tracking_plan.", changes, FIELDS),
		})
	end

	---@param plan string
	---@return table? empty, string? message, string? code, table? details
	function Client:delete_tracking_plan(plan)
		return self:request("DELETE", names.check("tracking plan", plan))
	end

	--- What a plan is connected to.
	---@param plan string
	---@return partnerapp.segment.pages
	function Client:source_connections(plan)
		return paging.new(self, connections(plan), "connections")
	end

	---@param plan string
	---@param source string "workspaces/w/sources/s"
	---@return table? connection, string? message, string? code, table? details
	function Client:connect_source(plan, source)
		return self:request("POST", connections(plan), { source_name = names.check("source", source) })
	end

	---@param plan string
	---@param sources string[]
	---@return table? connections, string? message, string? code, table? details
	function Client:connect_sources(plan, sources)
		for _, source in ipairs(sources) do
			names.check("source", source)
		end
		local path = connections(plan) .. ":batchCreateConnections"
		return self:request("POST", path, { source_names = json.array(sources) })
	end

	---@param plan string
	---@param slug string of the source
	---@return table? empty, string? message, string? code, table? details
	function Client:disconnect_source(plan, slug)
		return self:request("DELETE", connections(plan) .. "/" .. names.slug("source", slug))
	end
end
