-- The scope matrix, cell by cell: what each scope allows, and the response to what it does not allow.
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local JS = segment.JS
local WEBHOOKS = JS .. "/destinations/webhooks"
local OTHER = "workspaces/userworkspace/sources/javascript"
local APP = {
	app = { display_name = "A", scope = "workspace", redirect_uris = { "https://example.com/callback" } },
}

-- Statuses for destination/clearbrain, workspace:read and workspace; the destinations exist.
local CELLS = {
	{ "GET", "workspaces", 403, 200, 200 },
	{ "GET", "workspaces/business", 403, 200, 200 },
	{ "GET", "workspaces/userworkspace", 403, 404, 404 },
	{ "GET", "workspaces/business/sources", 403, 200, 200 },
	{ "GET", JS, 403, 200, 200 },
	{ "POST", "workspaces/business/sources", 403, 403, 400 },
	{ "DELETE", "workspaces/business/sources/spare", 403, 403, 200 },
	{ "GET", JS .. "/destinations", 403, 200, 200 },
	{ "GET", segment.CLEARBRAIN, 200, 200, 200 },
	{ "GET", WEBHOOKS, 403, 200, 200 },
	{ "GET", JS .. "/destinations/slack", 403, 404, 404 },
	{ "GET", OTHER .. "/destinations/clearbrain", 403, 404, 404 },
	{ "POST", JS .. "/destinations", 400, 403, 400 },
	{ "POST", OTHER .. "/destinations", 403, 403, 404 },
	{ "PATCH", segment.CLEARBRAIN, 200, 403, 200 },
	{ "PATCH", WEBHOOKS, 403, 403, 200 },
	{ "DELETE", WEBHOOKS, 403, 403, 200 },
	{ "GET", "catalog/sources", 200, 200, 200 },
	{ "GET", "catalog/sources/javascript", 200, 200, 200 },
	{ "GET", "catalog/destinations", 200, 200, 200 },
	{ "GET", "catalog/destinations/webhooks", 200, 200, 200 },
	{ "GET", segment.CLEARBRAIN .. "/filters", 403, 200, 200 },
	{ "POST", segment.CLEARBRAIN .. "/filters", 403, 403, 400 },
	{ "PATCH", segment.CLEARBRAIN .. "/filters/df_none", 403, 403, 404 },
	{ "DELETE", segment.CLEARBRAIN .. "/filters/df_none", 403, 403, 404 },
	{ "GET", "workspaces/business/tracking-plans", 403, 200, 200 },
	{ "POST", "workspaces/business/tracking-plans", 403, 403, 400 },
	{ "PUT", "workspaces/business/tracking-plans/rs_none", 403, 403, 404 },
	{ "DELETE", "workspaces/business/tracking-plans/rs_none", 403, 403, 404 },
	{ "GET", JS .. "/schema-config", 403, 200, 200 },
	{ "PATCH", JS .. "/schema-config", 403, 403, 400 },
	{ "GET", segment.CLEARBRAIN .. "/metrics", 403, 200, 200 },
	{ "GET", segment.CLEARBRAIN .. "/metrics:getSummary", 403, 200, 200 },
	{ "POST", "access-tokens", 401, 401, 401 },
	{ "POST", "apps", 403, 403, 403, APP },
	{ "POST", "workspaces/business/apps", 403, 403, 403, APP },
	{ "GET", "apps", 403, 403, 403 },
	{ "GET", "installs/1/token", 401, 401, 401 },
	{ "DELETE", segment.CLEARBRAIN, 200, 403, 200 },
}

local function prepared(scope)
	local client = segment.fresh()
	local all = segment.of_workspace(client)
	segment.call(client, all, "POST", "workspaces/business/sources", {
		source = { name = "workspaces/business/sources/spare", catalog_name = "catalog/sources/ios" },
	})
	segment.create_destination(client, all, "clearbrain")
	segment.create_destination(client, all, "webhooks")
	if scope == "destination/clearbrain" then
		return client, segment.of_destination(client)
	end
	return client, scope == "workspace" and all or segment.of_workspace(client, scope)
end

local CODES = { [400] = 3, [401] = 16, [403] = 7, [404] = 5 }

for column, scope in ipairs { "destination/clearbrain", "workspace:read", "workspace" } do
	case("the matrix of docs/segment.md 4: " .. scope, function(t)
		local client, token = prepared(scope)
		for _, cell in ipairs(CELLS) do
			local method, path, wanted, body = cell[1], cell[2], cell[2 + column], cell[6]
			if body == nil and method ~= "GET" and method ~= "DELETE" then
				body = { destination = { enabled = false } }
			end
			local status, answer = segment.call(client, token, method, path, body)
			t.equal(status, wanted, method .. " " .. path)
			t.equal(answer.code, CODES[wanted], method .. " " .. path)
			if wanted == 403 then
				t.equal(answer.error, "insufficient scope")
			end
		end
	end)
end

case("the matrix of docs/segment.md 4: no token, a garbled one, a replaced one and an expired one", function(t)
	local client, replaced, oauth_client = prepared "destination/clearbrain"
	local credentials = segment.basic(oauth_client.client_id, oauth_client.client_secret)
	local expired = client:get("/v1beta/" .. replaced.install_name .. "/token", { headers = credentials }).json()
	t.equal(segment.call(client, expired, "GET", segment.CLEARBRAIN), 200)
	local paths = { "workspaces", segment.CLEARBRAIN, "catalog/destinations", "nothing", "apps" }
	client:post("/_sandbox/clock", { json = { advance = 3600 } })
	for _, path in ipairs(paths) do
		for _, bad in ipairs { false, "garbled", expired, replaced } do
			local status, answer = segment.call(client, bad, "GET", path)
			t.equal(status, 401, path)
			t.same(answer, { error = "malformed token", code = 16 }, path)
		end
	end
end)

case("apps need a personal access token of the scope workspace", function(t)
	local client = segment.fresh()
	local own = segment.personal_token(client).json().token
	t.equal(segment.call(client, own, "POST", "apps", APP), 200)
	t.equal(segment.call(client, own, "POST", "workspaces/userworkspace/apps", APP), 200)
	t.equal(segment.call(client, own, "POST", "workspaces/business/apps", APP), 404)
	local reader = segment
		.personal_token(client, {
			access_token = {
				description = "reads",
				scopes = "workspace:read",
				workspace_names = { "workspaces/userworkspace" },
			},
		})
		.json().token
	local status, answer = segment.call(client, reader, "POST", "apps", APP)
	t.equal(status, 403)
	t.equal(answer.error, "insufficient scope")
end)

case("a body that cannot be read does not change what a scope allows", function(t)
	local client, token = prepared "destination/clearbrain"
	local headers = segment.bearer(token.access_token)
	local twice = '{"destination":{"name":"%s"},"destination":{"name":"%s"}}' -- the last counts, for the scope too
	for body, status in pairs {
		["{"] = 400,
		["{'destination': {'name': '" .. WEBHOOKS .. "'}}"] = 403,
		[twice:format(segment.CLEARBRAIN, WEBHOOKS)] = 403,
		[twice:format(WEBHOOKS, segment.CLEARBRAIN)] = 409, -- it is there already
		['{"destination":{"name":7}}'] = 400,
		['{"destination":{"name":"' .. WEBHOOKS .. '/"}}'] = 403,
	} do
		local response = client:post("/v1beta/" .. JS .. "/destinations", { body = body, headers = headers })
		t.equal(response.status, status, body)
	end
end)
