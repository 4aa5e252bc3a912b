// partnerapp.segment against the sandbox, every operation once and over real sockets: what a script of a partner can do
// with a personal access token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { during, json, request, startSandbox, withApp } from "./harness.mjs";

const APP = `
local partnerapp = require "partnerapp"
local json = require "partnerapp.json"
local reply = require "partnerapp.reply"
local segment = require "partnerapp.segment"

local app = partnerapp.new {}

local W, S = "workspaces/business", "workspaces/business/sources/js"

local function names(list)
	local found = json.array {}
	for i, one in ipairs(list) do found[i] = one.name end
	return found
end

-- Each step: its name and what came of it.
local function walk(api, user)
	local steps = json.array {}
	local function step(name, value, err)
		steps[#steps + 1] = { name, value == nil and "failed: " .. tostring(err) or value }
		return value
	end
	local function field(name, key, value, err)
		return step(name, value and value[key], err), value
	end
	field("token", "description", user:create_access_token {
		description = "of a script", scopes = "workspace:read", workspace_names = { W },
	})
	step("tokens", #user:access_tokens():all())
	field("token 2", "scopes", user:get_access_token("access-tokens/2"))
	step("token deleted", user:delete_access_token("access-tokens/2"))
	step("workspaces", names(assert(api:workspaces():all())))
	field("workspace", "name", api:get_workspace(W))
	field("created", "name", api:create_source(W, "phone", "ios"))
	step("created again", (select(3, api:create_source(W, "phone", "ios"))))
	step("sources", names(assert(api:sources(W):all())))
	field("source", "catalog_name", api:get_source(W .. "/sources/phone"))
	field("schema", "allow_unplanned_track_events", api:get_schema_config(S))
	field("schema changed", "allow_unplanned_track_events", api:update_schema_config(S, { allow_unplanned_track_events = false }))
	step("kinds of sources", #assert(api:catalog_sources():all()) > 5)
	field("kind of source", "display_name", api:get_catalog_source("node.js"))
	step("kinds of destinations", #assert(api:catalog_destinations():all()))
	field("kind of destination", "display_name", api:get_catalog_destination("customer.io"))
	field("destination", "enabled", api:create_destination(S, "clearbrain", {
		enabled = true, connection_mode = "CLOUD", config = { apiKey = "abcd1234" },
	}))
	step("destination again", (select(3, api:create_destination(S, "clearbrain", {}))))
	field("disabled", "enabled", api:update_destination(S, "clearbrain", { enabled = false }))
	step("destinations", names(assert(api:destinations(S):all())))
	field("get", "connection_mode", api:get_destination(S, "clearbrain"))
	local filter = assert(api:create_filter(S, "clearbrain", {
		["if"] = "type != 'track'", actions = { { type = "drop_event" } }, title = "only tracks", enabled = true,
	}))
	step("filters", #assert(api:filters(S, "clearbrain"):all()))
	field("filter", "title", api:get_filter(filter.name))
	field("filter changed", "enabled", api:update_filter(filter.name, { enabled = false }))
	field("preview", "filtered_payload", api:preview_filter(
		{ ["if"] = "type = 'page'", actions = { { type = "drop_event" } } }, { type = "page" }))
	step("filter deleted", api:delete_filter(filter.name))
	step("metrics", #assert(api:metrics(S, "clearbrain"):all()))
	field("metric", "total", api:get_metric(S, "clearbrain", "delivered"))
	field("summary", "parent", api:get_metrics_summary(S, "clearbrain"))
	step("summaries", #assert(api:get_metrics_summaries(W, { S .. "/destinations/clearbrain" })).summaries)
	local plan = assert(api:create_tracking_plan(W, { display_name = "plan" }))
	step("plans", #assert(api:tracking_plans(W):all()))
	field("plan", "display_name", api:get_tracking_plan(plan.name))
	field("plan changed", "display_name", api:update_tracking_plan(plan.name, { display_name = "renamed" }))
	field("connected", "source_name", api:connect_source(plan.name, S))
	step("connections", #assert(api:source_connections(plan.name):all()))
	step("connected both", api:connect_sources(plan.name, { W .. "/sources/phone" }) and true)
	step("disconnected", api:disconnect_source(plan.name, "js"))
	step("plan deleted", api:delete_tracking_plan(plan.name))
	step("destination deleted", api:delete_destination(S, "clearbrain"))
	step("gone", (select(3, api:get_destination(S, "clearbrain"))))
	step("source deleted", api:delete_source(W .. "/sources/phone"))
	local made = assert(api:create_app { display_name = "an app", scope = "workspace:read", redirect_uris = { "https://a.example/callback" } })
	step("app", made.client_secret ~= nil)
	field("app again", "client_secret", (api:get_app(made.name)), "shown once")
	step("apps", names(assert(api:apps():all())))
	return steps
end

app:post("/walk", function(req)
	local user = segment.new { user = { "user@example.com", "password" } }
	return reply.json(walk(segment.new { token = req.json.token, scope = "workspace" }, user))
end, { csrf = false })

app:post("/read", function(req)
	local api = segment.new { token = req.json.token, scope = "workspace:read" }
	local made, message, code, details = api:create_source(W, "phone", "ios")
	return reply.json { made = made, message = message, code = code, status = details.status, segment_code = details.code }
end, { csrf = false })

return app
`;

const USER = { authorization: `Basic ${Buffer.from("user@example.com:password").toString("base64")}` };

test("every operation of the client, against the sandbox", async (t) => {
	const sandbox = await startSandbox({ flags: ["--no-rate-limit"] });
	const personal = async (scopes) => {
		const wanted = { access_token: { description: "d", scopes, workspace_names: ["workspaces/business"] } };
		return (await request(`${sandbox.origin}/v1beta/access-tokens`, json(wanted, USER))).json().token;
	};
	const env = { SEGMENT_ID_URL: sandbox.origin, SEGMENT_API_URL: sandbox.origin };
	await during(() => withApp(APP, { env }, async (app) => {
		const answer = await request(`${app.url}/walk`, json({ token: await personal("workspace") }));
		assert.equal(answer.status, 200, answer.text);
		const D = "workspaces/business/sources/js/destinations/clearbrain";
		assert.deepEqual(answer.json(), [
			["token", "of a script"],
			["tokens", 2],
			["token 2", "workspace:read"],
			["token deleted", {}],
			["workspaces", ["workspaces/business"]],
			["workspace", "workspaces/business"],
			["created", "workspaces/business/sources/phone"],
			["created again", "already_exists"],
			["sources", ["workspaces/business/sources/js", "workspaces/business/sources/phone"]],
			["source", "catalog/sources/ios"],
			["schema", true],
			["schema changed", false],
			["kinds of sources", true],
			["kind of source", "Node.js"],
			["kinds of destinations", 12],
			["kind of destination", "Customer.io"],
			["destination", true],
			["destination again", "already_exists"],
			["disabled", false],
			["destinations", [D]],
			["get", "CLOUD"],
			["filters", 1],
			["filter", "only tracks"],
			["filter changed", false],
			["preview", null],
			["filter deleted", {}],
			["metrics", 2],
			["metric", 0],
			["summary", D],
			["summaries", 1],
			["plans", 1],
			["plan", "plan"],
			["plan changed", "renamed"],
			["connected", "workspaces/business/sources/js"],
			["connections", 1],
			["connected both", true],
			["disconnected", {}],
			["plan deleted", {}],
			["destination deleted", {}],
			["gone", "not_found"],
			["source deleted", {}],
			["app", true],
			["app again", "failed: shown once"],
			["apps", ["apps/1"]],
		]);
		await t.test("a token that may only read is told which scope it needs", async () => {
			const refused = await request(`${app.url}/read`, json({ token: await personal("workspace:read") }));
			assert.deepEqual(refused.json(), {
				code: "forbidden", status: 403, segment_code: 7,
				message: "insufficient scope: this needs the scope workspace, and the install's is workspace:read",
			});
		});
	}), sandbox.end);
});
