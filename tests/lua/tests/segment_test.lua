-- The client of the Config API: what it sends, and what it makes of any answer.
local json = require("partnerapp.json")
local provider = require("provider")
local segment = require("partnerapp.segment")
local testing = require("partnerapp.testing")

local SOURCE, API = provider.SOURCE, provider.API
local LIST = API .. SOURCE .. "/destinations"
local ONE = LIST .. "/google-analytics"

local function client(options)
	options = options or {}
	options.token = options.token or "token-of-the-case"
	return segment.new(options)
end

testing.case("a client without a token, wrong names and unknown settings are bugs, and raise", function(t)
	t.raises(function()
		segment.new({})
	end, "a token is needed")
	for _, name in ipairs({ "", "/a", "a//b", "a/../b", "a?b", "a%2fb", "a#b", "a b", "é", 5, false }) do
		t.raises(function()
			client():get_destination(name, "webhooks")
		end, "no name of a source")
	end
	for _, slug in ipairs({ "", "a/b", "a?b", "..%2f", "a b", 5, false }) do
		t.raises(function()
			client():get_destination(SOURCE, slug)
		end, "no slug of a destination")
	end
	t.raises(function()
		client():create_destination(SOURCE, "webhooks", { enable = true })
	end, "no setting 'enable'")
end)

testing.case("create sends the whole name of each setting, and nothing that was not given", function(t)
	local network = testing.network({ ["POST " .. LIST] = { json = { name = "made" } } })
	local made = client():create_destination(SOURCE, "google-analytics", {
		enabled = true,
		connection_mode = "CLOUD",
		config = { trackingId = "UA-1", anonymizeIp = true, list = json.array({}) },
	})
	t.equal(made.name, "made")
	local call = network.calls[1]
	t.equal(call.bearer, "token-of-the-case")
	t.equal(call.headers["content-type"], "application/json")
	local name = SOURCE .. "/destinations/google-analytics"
	t.same(call.json, {
		destination = {
			name = name,
			enabled = true,
			connection_mode = "CLOUD",
			config = {
				{ name = name .. "/config/anonymizeIp", value = true },
				{ name = name .. "/config/list", value = {} },
				{ name = name .. "/config/trackingId", value = "UA-1" },
			},
		},
	})
	client():create_destination(SOURCE, "google-analytics", {})
	t.same(network.calls[2].json, { destination = { name = name } })
end)

testing.case("update names in its mask exactly what it sends", function(t)
	local network = testing.network({ ["PATCH " .. ONE] = { json = {} } })
	client():update_destination(SOURCE, "google-analytics", { enabled = false })
	t.same(network.calls[1].json, {
		destination = { enabled = false },
		update_mask = { paths = { "destination.enabled" } },
	})
	client():update_destination(SOURCE, "google-analytics", { config = { a = 1 }, connection_mode = "DEVICE" })
	t.same(network.calls[2].json.update_mask.paths, { "destination.connection_mode", "destination.config" })
end)

testing.case("get and delete go to the resource; an empty body is fine", function(t)
	local network = testing.network({ ["GET " .. ONE] = { json = { enabled = true } }, ["DELETE " .. ONE] = {} })
	t.equal(client():get_destination(SOURCE, "google-analytics").enabled, true)
	t.same(client():delete_destination(SOURCE, "google-analytics"), {})
	t.equal(network.calls[1].body, nil)
end)

for status, code in pairs({
	[400] = "invalid_argument",
	[401] = "unauthorized",
	[403] = "forbidden",
	[404] = "not_found",
	[409] = "already_exists",
	[418] = "bad_response",
	[429] = "rate_limited",
	[500] = "upstream",
	[501] = "unimplemented",
	[503] = "upstream",
}) do
	testing.case("an answer of " .. status .. " fails with " .. code, function(t)
		for _, answer in ipairs({
			{ status = status, json = { error = "the reason", code = 3 } },
			{ status = status, body = "the reason", headers = { ["content-type"] = "text/plain" } },
			{ status = status, json = { error = { "the reason" } } },
			{ status = status, body = "\xff\xfe\0" },
			{ status = status, body = "" },
			{ status = status, body = "[1, 2" },
			{ status = status, json = { error = ("the reason "):rep(1000) } },
		}) do
			testing.network({ ["GET " .. ONE] = answer })
			local got, message, got_code, details = client():get_destination(SOURCE, "google-analytics")
			t.equal(got, nil)
			t.equal(got_code, code)
			t.truthy(utf8.len(message) and #message > 5 and #message < 700, message)
			t.equal(details.status, status)
		end
	end)
end

testing.case("the exact text `destination already exists` is what counts, whatever the status", function(t)
	testing.network({ ["POST " .. LIST] = { status = 400, json = { error = "a destination already exists here" } } })
	t.equal(select(3, client():create_destination(SOURCE, "google-analytics", {})), "already_exists")
end)

testing.case("a refusal for want of scope says which scope the install has", function(t)
	testing.network({ ["GET " .. ONE] = { status = 403, json = { error = "insufficient scope", code = 7 } } })
	local _, message = client({ scope = "workspace:read" }):get_destination(SOURCE, "google-analytics")
	t.equal(message, "insufficient scope: the install's scope does not allow this (scope workspace:read)")
end)

testing.case("RT-14 a success that is no JSON object is none", function(t)
	for _, body in ipairs({ "<html>", "[1", "[]", "[1]", "5", '"text"', "null", "\xff" }) do
		testing.network({ ["GET " .. ONE] = { body = body } })
		local got, _, code = client():get_destination(SOURCE, "google-analytics")
		t.equal(got, nil, body)
		t.equal(code, "bad_response", body)
	end
end)

testing.case("what fails below HTTP keeps its code", function(t)
	for _, code in ipairs({ "timeout", "connect", "dns", "tls", "too_large" }) do
		testing.network({
			["GET " .. ONE] = function()
				return nil, "a reason", code
			end,
		})
		local got, message, got_code = client():get_destination(SOURCE, "google-analytics")
		t.equal(got, nil)
		t.equal(got_code, code)
		t.contains(message, "a reason")
	end
end)

testing.case("a token that cannot be had ends the call before it goes out", function(t)
	local network = testing.network({})
	local api = client({
		token = function()
			return nil, "no token", "needs_reconnect"
		end,
	})
	t.equal(select(3, api:get_destination(SOURCE, "google-analytics")), "needs_reconnect")
	t.equal(#network.calls, 0)
end)

testing.case("RT-07 a 401 brings one new token and one more attempt, never more", function(t)
	local renewals = 0
	local options = {
		token = "old-token",
		renew = function()
			renewals = renewals + 1
			return "new-token"
		end,
	}
	testing.network({
		["GET " .. ONE] = function(request)
			return request.bearer == "new-token" and { json = { enabled = true } } or { status = 401, json = {} }
		end,
	})
	t.equal(client(options):get_destination(SOURCE, "google-analytics").enabled, true)
	t.equal(renewals, 1)
	local network =
		testing.network({ ["GET " .. ONE] = { status = 401, json = { error = "malformed token", code = 16 } } })
	t.equal(select(3, client(options):get_destination(SOURCE, "google-analytics")), "unauthorized")
	t.equal(#network.calls, 2)
	t.equal(renewals, 2)
end)

testing.case("settings that are secret are masked, also those of webhooks; the others are not", function(t)
	local name = SOURCE .. "/destinations/x/config/"
	local destination = {
		enabled = true,
		config = {
			{ name = name .. "apiKey", value = "abcd1234", type = "string" },
			{ name = name .. "sharedSecret", value = "s" },
			{ name = name .. "token", value = "t" },
			{ name = name .. "appGroupId", value = "braze's key" },
			{ name = name .. "hooks", value = { { hook = "https://a.example/secret" } } },
			{ name = name .. "plain", value = "p", type = "password" },
			{ name = name .. "siteId", value = "12" },
			{ name = name .. "trackingId", value = "UA-1" },
			{ name = name .. "emptyKey", value = "" },
			{ name = name .. "sendHashKeys", value = false },
			"nonsense",
		},
	}
	local values = {}
	local public = segment.public(destination)
	for i, setting in ipairs(public.config) do
		values[i] = setting.value
	end
	t.same(values, { "***", "***", "***", "***", "***", "***", "12", "UA-1", "", false })
	t.equal(destination.config[1].value, "abcd1234", "the original is as it was")
	t.same(segment.public({ config = json.null }).config, json.null)
end)
