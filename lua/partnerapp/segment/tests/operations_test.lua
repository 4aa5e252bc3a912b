-- Each operation of the Config API: what is called, and what it has to send.
local provider = require "provider"
local segment = require "partnerapp.segment"
local testing = require "partnerapp.testing"

local SOURCE, API = provider.SOURCE, provider.API

local function client(options)
	options = options or {}
	options.token = options.token or "token-of-the-case"
	return segment.new(options)
end

local W, PLAN = "workspaces/business", "workspaces/business/tracking-plans/rs_1"
local D = SOURCE .. "/destinations/webhooks"
local FILTER = D .. "/filters/df_1"

for _, case in ipairs({
	{ "get_workspace", { W }, "GET", W },
	{ "get_source", { SOURCE }, "GET", SOURCE },
	{
		"create_source",
		{ W, "ios", "ios" },
		"POST",
		W .. "/sources",
		{ source = { name = W .. "/sources/ios", catalog_name = "catalog/sources/ios" } },
	},
	{ "delete_source", { SOURCE }, "DELETE", SOURCE },
	{ "get_schema_config", { SOURCE }, "GET", SOURCE .. "/schema-config" },
	{
		"update_schema_config",
		{ SOURCE, { forwarding_violations_to = "js", allow_unplanned_track_events = false } },
		"PATCH",
		SOURCE .. "/schema-config",
		{
			schema_config = { forwarding_violations_to = "js", allow_unplanned_track_events = false },
			update_mask = {
				paths = { "schema_config.allow_unplanned_track_events", "schema_config.forwarding_violations_to" },
			},
		},
	},
	{ "get_catalog_source", { "node.js" }, "GET", "catalog/sources/node.js" },
	{ "get_catalog_destination", { "customer.io" }, "GET", "catalog/destinations/customer.io" },
	{ "get_filter", { FILTER }, "GET", FILTER },
	{
		"create_filter",
		{ SOURCE, "webhooks", { ["if"] = "all", enabled = true } },
		"POST",
		D .. "/filters",
		{ filter = { ["if"] = "all", enabled = true } },
	},
	{
		"update_filter",
		{ FILTER, { title = "t", ["if"] = "all" } },
		"PATCH",
		FILTER,
		{ filter = { title = "t", ["if"] = "all" }, update_mask = { paths = { "if", "title" } } },
	},
	{ "delete_filter", { FILTER }, "DELETE", FILTER },
	{
		"preview_filter",
		{ { ["if"] = "all" }, { type = "track" } },
		"POST",
		"filters/preview",
		{ filter = { ["if"] = "all" }, payload = { type = "track" } },
	},
	{ "get_metric", { SOURCE, "webhooks", "delivered" }, "GET", D .. "/metrics/delivered" },
	{ "get_metrics_summary", { SOURCE, "webhooks" }, "GET", D .. "/metrics:getSummary" },
	{
		"get_metrics_summaries",
		{ W, { D } },
		"GET",
		W .. "/event-delivery-metrics:batchGetSummary",
		{ names = { D } },
	},
	{ "get_tracking_plan", { PLAN }, "GET", PLAN },
	{
		"create_tracking_plan",
		{ W, { display_name = "p" } },
		"POST",
		W .. "/tracking-plans",
		{ tracking_plan = { display_name = "p" } },
	},
	{
		"update_tracking_plan",
		{ PLAN, { display_name = "p" } },
		"PUT",
		PLAN,
		{ tracking_plan = { display_name = "p" }, update_mask = { paths = { "tracking_plan.display_name" } } },
	},
	{ "delete_tracking_plan", { PLAN }, "DELETE", PLAN },
	{ "connect_source", { PLAN, SOURCE }, "POST", PLAN .. "/source-connections", { source_name = SOURCE } },
	{
		"connect_sources",
		{ PLAN, { SOURCE } },
		"POST",
		PLAN .. "/source-connections:batchCreateConnections",
		{ source_names = { SOURCE } },
	},
	{ "disconnect_source", { PLAN, "js" }, "DELETE", PLAN .. "/source-connections/js" },
	{ "get_app", { "apps/2" }, "GET", "apps/2" },
	{ "create_app", { { display_name = "a" } }, "POST", "apps", { app = { display_name = "a" } } },
	{ "create_app", { { scope = "workspace" }, W }, "POST", W .. "/apps", { app = { scope = "workspace" } } },
	{ "get_access_token", { "access-tokens/1" }, "GET", "access-tokens/1" },
	{ "delete_access_token", { "access-tokens/1" }, "DELETE", "access-tokens/1" },
	{
		"create_access_token",
		{ { description = "d", scopes = "workspace", workspace_names = { W } } },
		"POST",
		"access-tokens",
		{ access_token = { description = "d", scopes = "workspace", workspace_names = { W } } },
	},
}) do
	local name, arguments, method, path, body = table.unpack(case, 1, 5)
	testing.case(("%s is %s %s"):format(name, method, path), function(t)
		local network = testing.network({ [method .. " " .. API .. path] = { json = { name = "it" } } })
		local api = client()
		t.equal(api[name](api, table.unpack(arguments)).name, "it")
		t.same(network.calls[1].json, body)
	end)
end

for _, case in ipairs({
	{ "sources", { W }, W .. "/sources", "sources" },
	{ "destinations", { SOURCE }, SOURCE .. "/destinations", "destinations" },
	{ "catalog_sources", {}, "catalog/sources", "sources" },
	{ "catalog_destinations", {}, "catalog/destinations", "destinations" },
	{ "filters", { SOURCE, "webhooks" }, D .. "/filters", "filters" },
	{ "metrics", { SOURCE, "webhooks" }, D .. "/metrics", "metrics" },
	{ "tracking_plans", { W }, W .. "/tracking-plans", "tracking_plans" },
	{ "source_connections", { PLAN }, PLAN .. "/source-connections", "connections" },
	{ "apps", {}, "apps", "apps" },
	{ "apps", { W }, W .. "/apps", "apps" },
	{ "access_tokens", {}, "access-tokens", "access_tokens" },
}) do
	local name, arguments, path, field = table.unpack(case)
	testing.case(("%s lists %s"):format(name, path), function(t)
		testing.network({ ["GET " .. API .. path] = { json = { [field] = { { name = "it" } } } } })
		local api = client()
		t.same(api[name](api, table.unpack(arguments)):all(), { { name = "it" } })
	end)
end
