-- Filters of a destination (docs/segment.md 3.8) and its delivery metrics (3.10).
local fields = require "partnerapp.segment.fields"
local json = require "partnerapp.json"
local names = require "partnerapp.segment.names"
local paging = require "partnerapp.segment.paging"

local FIELDS = { "if", "actions", "title", "description", "enabled" }

return function(Client)
	---@param source string "workspaces/w/sources/s"
	---@param slug string of the destination
	---@return partnerapp.segment.pages
	function Client:filters(source, slug)
		return paging.new(self, names.destination(source, slug) .. "/filters", "filters")
	end

	---@param filter string "workspaces/w/sources/s/destinations/d/filters/df_…"
	---@return table? filter, string? message, string? code, table? details
	function Client:get_filter(filter)
		return self:request("GET", names.check("filter", filter))
	end

	--- Creates a filter: `["if"]` in Segment's filter language, `actions`, `title`, `description`, `enabled`.
	---@param source string
	---@param slug string of the destination
	---@param filter table
	---@return table? filter, string? message, string? code, table? details
	function Client:create_filter(source, slug, filter)
		fields.check("a filter", filter, FIELDS)
		return self:request("POST", names.destination(source, slug) .. "/filters", { filter = filter })
	end

	--- Changes what `changes` has, and nothing else.
	---@param filter string
	---@param changes table
	---@return table? filter, string? message, string? code, table? details
	function Client:update_filter(filter, changes)
		fields.check("a filter", changes, FIELDS)
		return self:request("PATCH", names.check("filter", filter), {
			filter = changes,
			update_mask = fields.mask("", changes, FIELDS),
		})
	end

	---@param filter string
	---@return table? empty, string? message, string? code, table? details
	function Client:delete_filter(filter)
		return self:request("DELETE", names.check("filter", filter))
	end

	--- What a filter would make of an event: `filtered_payload` is null when the filter drops the event.
	---@param filter table as for create_filter
	---@param event table
	---@return table? result, string? message, string? code, table? details
	function Client:preview_filter(filter, event)
		fields.check("a filter", filter, FIELDS)
		return self:request("POST", "filters/preview", { filter = filter, payload = event })
	end

	--- How many events were delivered to a destination, and how many were not.
	---@param source string
	---@param slug string
	---@return partnerapp.segment.pages
	function Client:metrics(source, slug)
		return paging.new(self, names.destination(source, slug) .. "/metrics", "metrics")
	end

	---@param source string
	---@param slug string
	---@param metric string "delivered"
	---@return table? metric, string? message, string? code, table? details
	function Client:get_metric(source, slug, metric)
		return self:request("GET", names.destination(source, slug) .. "/metrics/" .. names.slug("metric", metric))
	end

	---@param source string
	---@param slug string
	---@return table? summary, string? message, string? code, table? details
	function Client:get_metrics_summary(source, slug)
		return self:request("GET", names.destination(source, slug) .. "/metrics:getSummary")
	end

	--- The summaries of several destinations of a workspace at once.
	---@param workspace string
	---@param destinations string[] their names
	---@return table? summaries, string? message, string? code, table? details
	function Client:get_metrics_summaries(workspace, destinations)
		local path = names.check("workspace", workspace) .. "/event-delivery-metrics:batchGetSummary"
		return self:request("GET", path, { names = json.array(destinations) })
	end
end
