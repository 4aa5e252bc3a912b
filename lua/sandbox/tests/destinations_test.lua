-- Sources, destinations and their settings, the catalog. Conformance cases have the numbers of docs/segment.md 8.
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local JS, CLEARBRAIN, fresh, bearer = segment.JS, segment.CLEARBRAIN, segment.fresh, segment.bearer
local install, of_destination, of_workspace, create_clearbrain =
	segment.install, segment.of_destination, segment.of_workspace, segment.create_clearbrain

case("conformance 35, 36, 37: sources", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local body = { source = { name = "workspaces/business/sources/web", catalog_name = "catalog/sources/javascript" } }
	local function create(access_token)
		return client:post("/v1beta/workspaces/business/sources", { json = body, headers = bearer(access_token) })
	end
	local made = create(token.access_token).json()
	t.equal(#made.write_keys, 1)
	t.equal(#made.write_keys[1], 32)
	t.equal(made.library_config.metrics_enabled, false)
	t.equal(create(token.access_token).json().code, 6)
	local reader = of_workspace(client, "workspace:read")
	local refused = create(reader.access_token)
	t.equal(refused.status, 403)
	t.same(refused.json(), { error = "insufficient scope", code = 7 })
end)

case("conformance 39, 40: a destination is created once", function(t)
	local client = fresh()
	local token = of_destination(client)
	local made = create_clearbrain(client, token).json()
	t.equal(made.enabled, true)
	t.equal(made.connection_mode, "CLOUD")
	t.equal(made.config[1].name, CLEARBRAIN .. "/config/apiKey")
	t.equal(made.config[1].value, "abcd1234")
	local again = create_clearbrain(client, token)
	t.equal(again.status, 409)
	t.equal(again.json().code, 6)
	t.contains(again.json().error, "destination already exists")
end)

local function patch(client, token, body)
	return client:patch("/v1beta/" .. CLEARBRAIN, { json = body, headers = bearer(token.access_token) })
end

case("conformance 41, 43, 45: updates change what their mask names", function(t)
	local client = fresh()
	local token = of_destination(client)
	create_clearbrain(client, token, { enabled = false })
	local key = { name = CLEARBRAIN .. "/config/apiKey", value = "efgh5678" }
	local updated = patch(client, token, {
		destination = { enabled = true, connection_mode = "DEVICE", config = { key } },
		update_mask = { paths = { "destination.enabled", "destination.config", "connection_mode" } },
	}).json()
	t.equal(updated.enabled, true)
	t.equal(updated.connection_mode, "DEVICE")
	t.equal(updated.config[1].value, "efgh5678")
	local unmasked = patch(client, token, { destination = { enabled = false } })
	t.equal(unmasked.status, 200)
	t.equal(unmasked.json().enabled, true)
	t.equal(unmasked.json().update_time, updated.update_time)
	local absent = patch(client, token, { destination = {}, update_mask = { paths = { "destination.enabled" } } })
	t.equal(absent.json().enabled, false)
	local unknown = patch(client, token, { destination = {}, update_mask = { paths = { "destination.foo" } } })
	t.equal(unknown.json().code, 3)
end)

case("conformance 44: settings that a request does not name keep their values", function(t)
	local client = fresh()
	local name = JS .. "/destinations/google-analytics"
	local token = install(client, "destination/google-analytics", JS)
	client:post("/v1beta/" .. JS .. "/destinations", {
		headers = bearer(token.access_token),
		json = {
			destination = {
				name = name,
				enabled = true,
				config = { { name = name .. "/config/trackingId", value = "UA-970334309-1" } },
			},
		},
	})
	local updated = client
		:patch("/v1beta/" .. name, {
			headers = bearer(token.access_token),
			json = {
				destination = { config = { { name = name .. "/config/enableServerIdentify", value = true } } },
				update_mask = { paths = { "destination.config" } },
			},
		})
		.json()
	local values = {}
	for _, setting in ipairs(updated.config) do
		values[setting.name:match("[^/]+$")] = setting.value
	end
	t.equal(values.trackingId, "UA-970334309-1")
	t.equal(values.enableServerIdentify, true)
end)

case("conformance 47, 48: one destination on one source, nothing else", function(t)
	local client = fresh()
	local token = of_destination(client)
	t.equal(client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(token.access_token) }).json().code, 5)
	local other = "/v1beta/" .. JS .. "/destinations/webhooks"
	for _, method in ipairs { "get", "patch", "delete" } do
		local response = client[method](client, other, { headers = bearer(token.access_token), json = {} })
		t.equal(response.status, 403, method)
	end
	t.equal(create_clearbrain(client, token, { name = JS .. "/destinations/webhooks" }).status, 403)
	for _, path in ipairs {
		"/v1beta/workspaces",
		"/v1beta/workspaces/business/sources",
		"/v1beta/" .. JS .. "/destinations",
		"/v1beta/workspaces/userworkspace/sources/javascript/destinations/clearbrain",
	} do
		t.equal(client:get(path, { headers = bearer(token.access_token) }).json().code, 7, path)
	end
end)

case("conformance 49: a destination is disabled and UNSPECIFIED by default", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local made = client
		:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = { destination = { name = JS .. "/destinations/webhooks" } },
		})
		.json()
	t.equal(made.connection_mode, "UNSPECIFIED")
	t.equal(made.enabled, false)
	t.equal(#made.config, 3)
end)

case("conformance 51, 52: values that a setting cannot have", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local function create(slug, setting, value)
		local name = JS .. "/destinations/" .. slug
		return client:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = {
				destination = { name = name, config = { { name = name .. "/config/" .. setting, value = value } } },
			},
		})
	end
	local hooks = {}
	for i = 1, 6 do
		hooks[i] = { hook = "https://example.com/" .. i }
	end
	local cases = {
		{ "webhooks", "hooks", hooks },
		{ "webhooks", "hooks", { { headers = {} } } },
		{ "clearbrain", "apiKey", "short" },
		{ "clearbrain", "apiKey", 12345678 },
		{ "clearbrain", "unknown", "x" },
		{ "mixpanel", "persistence", "disk" },
		{ "google-analytics", "sampleRate", 101 },
		{ "google-analytics", "trackingId", "GA-1" },
		{ "google-analytics", "anonymizeIp", "yes" },
		{ "hubspot", "apiKey", "not-a-uuid" },
	}
	for _, one in ipairs(cases) do
		local response = create(one[1], one[2], one[3])
		t.equal(response.status, 400, one[1] .. " " .. one[2])
		t.contains(response.json().error, one[2])
	end
end)

case("a destination is not enabled without its required settings", function(t)
	local client = fresh()
	local token = of_destination(client)
	local response = client:post("/v1beta/" .. JS .. "/destinations", {
		headers = bearer(token.access_token),
		json = { destination = { name = CLEARBRAIN, enabled = true } },
	})
	t.equal(response.status, 400)
	t.contains(response.json().error, "apiKey")
end)

case("conformance 53: the catalog's slugs are Config API slugs", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local function create(slug)
		return client:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = { destination = { name = JS .. "/destinations/" .. slug } },
		})
	end
	t.equal(create("braze").json().code, 5)
	t.equal(create("appboy").status, 200)
	t.equal(create("customer.io").status, 200)
end)

case("conformance 55, 56, 57: the catalog and its pages", function(t)
	local client = fresh()
	local token = of_destination(client)
	local headers = bearer(token.access_token)
	local item = client:get("/v1beta/catalog/destinations/clearbrain", { headers = headers }).json()
	t.equal(item.settings[1].name, "apiKey")
	t.equal(item.settings[1].type, "STRING")
	t.equal(item.settings[1].required, true)
	t.equal(item.settings[1].string_validators.regexp, "^.{8,}$")
	local seen, count, requests, page = {}, 0, 0, ""
	repeat
		local body =
			client:get("/v1beta/catalog/destinations?page_size=5&page_token=" .. page, { headers = headers }).json()
		for _, one in ipairs(body.destinations) do
			t.falsy(seen[one.name])
			seen[one.name] = true
			count = count + 1
		end
		page = body.next_page_token
		requests = requests + 1
	until page == ""
	t.equal(count, 12)
	t.equal(requests, 3)
	for _, query in ipairs { "page_token=garbage", "page_size=0", "page_size=x", "page_size=-1" } do
		t.equal(client:get("/v1beta/catalog/destinations?" .. query, { headers = headers }).json().code, 3, query)
	end
end)
