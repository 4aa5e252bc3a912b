-- The rest of the Config API: tracking plans, schema configs, metrics, access tokens, paging, unknown paths.
local segment = require "tests.segment"
local settings = require "settings"
local testing = require "partnerapp.testing"

local case = testing.case
local call, fresh, of_workspace, JS = segment.call, segment.fresh, segment.of_workspace, segment.JS
local PLANS = "workspaces/business/tracking-plans"

local function create_plan(client, token, name)
	local status, plan = call(client, token, "POST", PLANS, {
		tracking_plan = { display_name = name, rules = { events = { { name = "Signed up", rules = {} } } } },
	})
	assert(status == 200)
	return plan
end

case("conformance 67: a tracking plan is updated with PUT and a mask", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local plan = create_plan(client, token, "Plan")
	t.match(plan.name, "^workspaces/business/tracking%-plans/rs_%w+$")
	local change = {
		tracking_plan = { display_name = "Renamed", rules = { events = {} } },
		update_mask = { paths = { "tracking_plan.display_name" } },
	}
	local status, changed = call(client, token, "PUT", plan.name, change)
	t.equal(status, 200)
	t.equal(changed.display_name, "Renamed")
	t.equal(changed.rules.events[1].name, "Signed up")
	t.truthy(changed.update_time > plan.update_time)
	local _, refused = call(client, token, "PATCH", plan.name, change)
	t.equal(refused.code, 5)
	change.update_mask = nil
	change.tracking_plan.display_name = "Again"
	local _, unchanged = call(client, token, "PUT", plan.name, change)
	t.equal(unchanged.display_name, "Renamed")
	t.equal(unchanged.update_time, changed.update_time)
	change.update_mask = { paths = { "tracking_plan.name" } }
	t.equal(call(client, token, "PUT", plan.name, change), 400)
end)

case("tracking plans: bad ones, lists without events, deleting", function(t)
	local client = fresh()
	local token = of_workspace(client)
	for _, bad in ipairs {
		{},
		{ tracking_plan = { display_name = "" } },
		{ tracking_plan = { display_name = "P", rules = "none" } },
		{ tracking_plan = { display_name = "P", rules = false } },
		{ tracking_plan = { display_name = "P", rules = { events = "none" } } },
		{ tracking_plan = { display_name = "P", rules = { events = { { version = 1 } } } } },
	} do
		t.equal(call(client, token, "POST", PLANS, bad), 400)
	end
	local plan = create_plan(client, token, "P")
	local _, list = call(client, token, "GET", PLANS .. "/")
	t.equal(list.tracking_plans[1].name, plan.name)
	t.same(list.tracking_plans[1].rules.events, {})
	local mask = { paths = { "tracking_plan.rules" } }
	t.equal(call(client, token, "PUT", plan.name, { tracking_plan = { rules = false }, update_mask = mask }), 400)
	local _, same = call(client, token, "GET", plan.name)
	t.same(same.rules, plan.rules)
	t.equal(call(client, token, "DELETE", plan.name), 200)
	t.equal(call(client, token, "GET", plan.name), 404)
	t.equal(call(client, token, "DELETE", plan.name), 404)
end)

case("a source is connected to one tracking plan", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local plan, other = create_plan(client, token, "P"), create_plan(client, token, "Q")
	local at = plan.name .. "/source-connections"
	local status, made = call(client, token, "POST", at, { source_name = JS })
	t.equal(status, 200)
	t.same(made, { source_name = JS, tracking_plan_id = plan.name:match "[^/]+$" })
	t.equal(call(client, token, "POST", other.name .. "/source-connections", { source_name = JS }), 409)
	t.equal(call(client, token, "POST", at, { source_name = "workspaces/business/sources/none" }), 404)
	t.equal(call(client, token, "POST", at, { source_name = "workspaces/userworkspace/sources/javascript" }), 400)
	local _, list = call(client, token, "GET", at)
	t.same(list.connections, { made })
	local batch = { source_names = { "workspaces/business/sources/none", JS } }
	t.equal(call(client, token, "POST", at .. ":batchCreateConnections", batch), 404)
	t.equal(call(client, token, "DELETE", at .. "/js"), 200)
	t.equal(call(client, token, "DELETE", at .. "/js"), 404)
	local _, connected = call(client, token, "POST", at .. ":batchCreateConnections", { source_names = { JS } })
	t.same(connected.connections, { made })
end)

case("schema configs: defaults, a mask, unknown words", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local path = JS .. "/schema-config"
	local _, config = call(client, token, "GET", path)
	t.equal(config.allow_unplanned_track_events, true)
	t.equal(config.allow_track_event_on_violations, false)
	t.equal(config.common_group_event_on_violations, "ALLOW")
	local change = {
		schema_config = { allow_unplanned_track_events = false, common_track_event_on_violations = "BLOCK" },
		update_mask = { paths = { "schema_config.common_track_event_on_violations", "forwarding_blocked_events_to" } },
	}
	local _, changed = call(client, token, "PATCH", path, change)
	t.equal(changed.common_track_event_on_violations, "BLOCK")
	t.equal(changed.allow_unplanned_track_events, true)
	for field, value in pairs {
		common_track_event_on_violations = "OMIT_TRAITS",
		forwarding_violations_to = "none",
		allow_unplanned_group_traits = "maybe",
		name = "x",
	} do
		local bad = { schema_config = { [field] = value }, update_mask = { paths = { "schema_config." .. field } } }
		t.equal(call(client, token, "PATCH", path, bad), 400, field)
	end
	t.equal(call(client, token, "GET", "workspaces/business/sources/none/schema-config"), 404)
end)

case("the catalog of sources keeps dots in its slugs", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local _, item = call(client, token, "GET", "catalog/sources/node.js")
	t.equal(item.display_name, "Node.js")
	t.same(item.categories, { "Server" })
	t.equal(call(client, token, "GET", "catalog/sources/none"), 404)
	t.equal(call(client, token, "GET", "catalog/destinations/braze"), 404)
end)

case("labels are Segment's, with Segment's spelling mistakes", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local _, item = call(client, token, "GET", "catalog/destinations/mixpanel")
	for _, setting in ipairs(item.settings) do
		if setting.name == "legacySuperProperties" then
			t.equal(setting.display_name, "Legacy Super  Properties")
		end
	end
end)

case("metrics of a destination that nothing was sent to", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local name = segment.create_destination(client, token, "webhooks")
	local _, summary = call(client, token, "GET", name .. "/metrics:getSummary")
	t.equal(summary.parent, name)
	t.same(summary.metrics[2], { name = "not_delivered", parent = name, total = 0, breakdown = {} })
	local _, one = call(client, token, "GET", name .. "/metrics/delivered")
	t.equal(one.total, 0)
	t.equal(call(client, token, "GET", name .. "/metrics/none"), 404)
	t.equal(call(client, token, "GET", JS .. "/destinations/slack/metrics"), 404)
	local batch = "workspaces/business/event-delivery-metrics:batchGetSummary"
	local _, summaries = call(client, token, "GET", batch, { names = { name } })
	t.equal(summaries.summaries[1].parent, name)
	t.equal(call(client, token, "GET", batch, { names = { JS .. "/destinations/slack" } }), 404)
	t.equal(call(client, token, "GET", batch, { names = "x" }), 400)
end)

case("services of Segment that the sandbox does not offer are 501", function(t)
	local client = fresh()
	local token = of_workspace(client)
	for _, path in ipairs {
		"roles",
		"roles/-/policies",
		"invites",
		"users",
		"functions",
		"regulations",
		"suppressed-users",
	} do
		local status, answer = call(client, token, "GET", "workspaces/business/" .. path)
		t.equal(status, 501, path)
		t.equal(answer.code, 12)
	end
	t.equal(call(client, token, "POST", JS .. "/regulations", {}), 501)
end)

case("unknown paths and methods are 404 in Segment's words", function(t)
	local client = fresh()
	local token = of_workspace(client)
	for _, one in ipairs {
		{ "GET", "nothing" },
		{ "GET", "" },
		{ "GET", "workspaces/business/nothing" },
		{ "PATCH", JS },
		{ "PUT", "workspaces" },
		{ "DELETE", "workspaces/business" },
		{ "POST", "installs/1" },
		{ "GET", "workspaces//sources" },
	} do
		local status, answer = call(client, token, one[1], one[2], one[1] ~= "GET" and {} or nil)
		t.equal(status, 404, one[1] .. " " .. one[2])
		t.same(answer, { error = "not found", code = 5 })
	end
	t.equal(call(client, token, "GET", "workspaces/"), 200)
end)

case("lists come in pages of ten", function(t)
	local client = fresh()
	local token = of_workspace(client)
	for i = 1, 12 do
		local name = ("workspaces/business/sources/s%02d"):format(i)
		local source = { name = name, catalog_name = "catalog/sources/ios" }
		t.equal(call(client, token, "POST", "workspaces/business/sources", { source = source }), 200)
	end
	local _, first = call(client, token, "GET", "workspaces/business/sources")
	t.equal(#first.sources, 10)
	local _, second = call(client, token, "GET", "workspaces/business/sources?page_token=" .. first.next_page_token)
	t.equal(#second.sources, 3)
	t.equal(second.next_page_token, "")
	local _, all = call(client, token, "GET", "workspaces/business/sources?page_size=1000&page_token=")
	t.equal(#all.sources, 13)
end)

case("deleting a source deletes its destinations and connections", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local name = segment.create_destination(client, token, "webhooks")
	t.equal(call(client, token, "DELETE", JS), 200)
	t.equal(call(client, token, "GET", name), 404)
	t.equal(call(client, token, "GET", JS .. "/destinations"), 404)
	t.equal(call(client, token, "DELETE", JS), 404)
end)

case("names that a source cannot have are 400", function(t)
	local client = fresh()
	local token = of_workspace(client)
	for name, status in pairs {
		["workspaces/userworkspace/sources/x"] = 400,
		["workspaces/business/sources/X"] = 400,
		["workspaces/business/sources/"] = 400,
		["workspaces/business/sources/a/b"] = 400,
		["workspaces/business/sources/" .. ("a"):rep(101)] = 400,
		["workspaces/business/sources/fine"] = 200,
	} do
		local source = { name = name, catalog_name = "catalog/sources/ios" }
		t.equal(call(client, token, "POST", "workspaces/business/sources", { source = source }), status, name)
	end
	local unknown = { name = "workspaces/business/sources/y", catalog_name = "catalog/sources/none" }
	t.equal(call(client, token, "POST", "workspaces/business/sources", { source = unknown }), 400)
end)

case("access tokens are listed and deleted; only the creation shows the token", function(t)
	local client = fresh()
	local made = segment.personal_token(client).json()
	local headers = segment.basic("user@example.com", "password")
	for _, path in ipairs { "access-tokens", made.name } do
		local response = client:get("/v1beta/" .. path, { headers = headers })
		t.equal(response.status, 200)
		t.contains(response.body, "partner app")
		t.lacks(response.body, made.token)
	end
	t.equal(call(client, made.token, "GET", "workspaces"), 200)
	t.equal(client:delete("/v1beta/" .. made.name, { headers = headers }).status, 200)
	t.equal(call(client, made.token, "GET", "workspaces"), 401)
	t.equal(client:get("/v1beta/" .. made.name, { headers = headers }).status, 404)
	t.equal(segment.personal_token(client).json().name, "access-tokens/2", "a number does not come again")
end)

case("the rate limit counts each token and each minute", function(t)
	local client = fresh()
	local one, other = of_workspace(client), of_workspace(client, "workspace:read")
	client:post("/_sandbox/clock", { json = { advance = 61 - testing.clock.now() % 60 } })
	for _ = 1, 200 do
		t.equal(call(client, one, "GET", "workspaces"), 200)
	end
	local status, answer, response = call(client, one, "GET", "nothing")
	t.equal(status, 429)
	t.equal(answer.code, 8)
	t.match(response.headers["retry-after"], "^%d+$")
	t.equal(call(client, other, "GET", "workspaces"), 200)
	client:post("/_sandbox/clock", { json = { advance = 60 } })
	t.equal(call(client, one, "GET", "workspaces"), 200)
end)

case("conformance 25: strict: no single quotes, no strings for booleans", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local headers = segment.bearer(token.access_token)
	local name = JS .. "/destinations/webhooks"
	local lenient = "{'destination': {'name': '" .. name .. "', 'enabled': 'true'}}"
	settings.strict = true
	local refused = client:post("/v1beta/" .. JS .. "/destinations", { body = lenient, headers = headers })
	local text = { destination = { name = name, enabled = "true" } }
	local status = call(client, token, "POST", JS .. "/destinations", text)
	settings.strict = false
	t.equal(refused.status, 400)
	t.equal(status, 400)
	local taken = client:post("/v1beta/" .. JS .. "/destinations", { body = lenient, headers = headers })
	t.equal(taken.json().enabled, true)
	local requests = client:get("/_sandbox/requests").json().requests
	t.contains(requests[#requests].warning, "single quotes")
end)

case("conformance 32: no token", function(t)
	local response = fresh():get("/v1beta/workspaces")
	t.equal(response.status, 401)
	t.equal(response.json().code, 16)
end)

case("conformance 33: the workspaces of a token", function(t)
	local client = fresh()
	local token = of_workspace(client, "workspace:read")
	local body = client:get("/v1beta/workspaces", { headers = segment.bearer(token.access_token) }).json()
	t.equal(#body.workspaces, 1)
	t.equal(body.workspaces[1].name, "workspaces/business")
	t.equal(body.next_page_token, "")
end)

case("conformance 60, 61, 65: bad JSON, no such path, another workspace", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local headers = segment.bearer(token.access_token)
	headers["content-type"] = "application/json"
	for _, body in ipairs { "{", "", "[]", '"x"', "{'a': 'b", ("["):rep(1000) } do
		local response = client:post("/v1beta/" .. JS .. "/destinations", { body = body, headers = headers })
		t.equal(response.status, 400, body)
		t.equal(response.json().code, 3, body)
	end
	t.equal(client:get("/v1beta/nothing", { headers = headers }).json().code, 5)
	t.equal(client:get("/v1beta", { headers = headers }).json().code, 5)
	t.equal(client:put("/v1beta/workspaces", { headers = headers, json = {} }).json().code, 5)
	local other = "/v1beta/workspaces/userworkspace/sources"
	t.equal(client:get(other, { headers = headers }).json().code, 5)
end)
