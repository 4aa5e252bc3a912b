-- The client of the Config API: what it sends, and what it makes of any answer.
local json = require "partnerapp.json"
local provider = require "provider"
local segment = require "partnerapp.segment"
local testing = require "partnerapp.testing"

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
	end, "options.token is missing")
	for _, name in ipairs({ "", "/a", "a//b", "a/../b", "a?b", "a%2fb", "a#b", "a b", "é", 5, false }) do
		t.raises(function()
			client():get_destination(name, "webhooks")
		end, "not a name for a resource of the kind 'source'")
	end
	for _, slug in ipairs({ "", "a/b", "a?b", "..%2f", "a b", 5, false }) do
		t.raises(function()
			client():get_destination(SOURCE, slug)
		end, "not a slug for a resource of the kind 'destination'")
	end
	t.raises(function()
		client():create_destination(SOURCE, "webhooks", { enable = true })
	end, "a destination has no 'enable'")
end)

testing.case("create sends the whole name of each setting, and no others", function(t)
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

testing.case("conformance 63 and 64: the text, Segment's code and the status of an error are at hand", function(t)
	testing.network({
		["GET " .. ONE] = { status = 400, body = "bad request", headers = { ["content-type"] = "text/plain" } },
	})
	local _, message, _, details = client():get_destination(SOURCE, "google-analytics")
	t.contains(message, "bad request")
	t.equal(details.body, "bad request")
	t.equal(details.code, nil)
	testing.network({ ["GET " .. ONE] = { status = 400, json = { error = "foo", code = 5 } } })
	_, message, _, details = client():get_destination(SOURCE, "google-analytics")
	t.equal(message, "foo")
	t.equal(details.code, 5)
	t.equal(details.status, 400)
end)

testing.case("the exact text `destination already exists` is what counts, whatever the status", function(t)
	testing.network({ ["POST " .. LIST] = { status = 400, json = { error = "a destination already exists here" } } })
	t.equal(select(3, client():create_destination(SOURCE, "google-analytics", {})), "already_exists")
end)

testing.case("a refusal for want of scope names the scopes that allow it, and the install's", function(t)
	local refusal = { status = 403, json = { error = "insufficient scope", code = 7 } }
	testing.network({ ["PATCH " .. ONE] = refusal, ["GET " .. LIST] = refusal, ["POST " .. LIST] = refusal })
	local api = client({ scope = "workspace:read" })
	local _, message = api:update_destination(SOURCE, "google-analytics", { enabled = true })
	t.equal(
		message,
		"insufficient scope: this needs the scope destination/google-analytics or workspace, "
			.. "and the install's is workspace:read"
	)
	t.equal(select(2, api:create_destination(SOURCE, "google-analytics", {})), message)
	t.contains(select(2, api:destinations(SOURCE):all()), "needs the scope workspace:read or workspace, and")
end)

testing.case("a refused token says what its scope allows", function(t)
	testing.network({ ["GET " .. ONE] = { status = 401, json = { error = "malformed token", code = 16 } } })
	local message = select(2, client({ scope = "destination/x" }):get_destination(SOURCE, "google-analytics"))
	t.equal(
		message,
		"malformed token: the token has expired, or is not permitted to do this (its scope is destination/x, "
			.. "to handle the destination x on the source that was chosen)"
	)
end)

local function times(count, answer)
	return function()
		count = count - 1
		return count >= 0 and answer or { json = {} }
	end
end

testing.case(
	"conformance 59: busy answers are tried again with growing pauses, as long as the client is patient",
	function(t)
		for _, status in ipairs({ 429, 500, 502, 503, 504 }) do
			local network = testing.network({ ["GET " .. ONE] = times(4, { status = status }) })
			local begun = testing.clock.now()
			t.same(client():get_destination(SOURCE, "google-analytics"), {}, status)
			t.equal(#network.calls, 5)
			t.truthy(testing.clock.now() - begun < 3, "waited " .. testing.clock.now() - begun)
		end
		local network = testing.network({ ["GET " .. ONE] = { status = 503 } })
		t.equal(select(3, client():get_destination(SOURCE, "google-analytics")), "upstream")
		t.equal(#network.calls, 5, "and not for ever")
	end
)

testing.case("SS-11 what creates is sent again only when it was refused before anything was done", function(t)
	for _, case in ipairs({ { 429, 2 }, { 500, 1 }, { 503, 1 } }) do
		local network = testing.network({ ["POST " .. LIST] = times(1, { status = case[1] }) })
		client():create_destination(SOURCE, "google-analytics", {})
		t.equal(#network.calls, case[2], case[1])
	end
	for code, calls in pairs({ connect = 5, dns = 5, timeout = 1, bad_response = 1, denied = 1 }) do
		local network = testing.network({
			["POST " .. LIST] = function()
				return nil, "the reason", code
			end,
		})
		t.equal(select(3, client({ patience = 60 }):create_destination(SOURCE, "google-analytics", {})), code)
		t.equal(#network.calls, calls, code)
	end
end)

testing.case("what cannot get better is not tried again", function(t)
	for _, status in ipairs({ 400, 403, 404, 409, 418, 501 }) do
		local network = testing.network({ ["GET " .. ONE] = { status = status } })
		client():get_destination(SOURCE, "google-analytics")
		t.equal(#network.calls, 1, status)
	end
end)

testing.case("a destination that an earlier attempt deleted is deleted", function(t)
	local answers = { { status = 502 }, { status = 404, json = { error = "not found", code = 5 } } }
	testing.network({
		["DELETE " .. ONE] = function()
			return table.remove(answers, 1)
		end,
	})
	t.same(client():delete_destination(SOURCE, "google-analytics"), {})
	testing.network({ ["DELETE " .. ONE] = { status = 404, json = { error = "not found", code = 5 } } })
	t.equal(select(3, client():delete_destination(SOURCE, "google-analytics")), "not_found")
end)

testing.case("RT-10 Retry-After is honoured in seconds and as a date, as far as patience goes", function(t)
	local function waited(header, patience)
		local network =
			testing.network({ ["GET " .. ONE] = times(1, { status = 429, headers = { ["Retry-After"] = header } }) })
		local begun = testing.clock.now()
		local got, message, code, details = client({ patience = patience }):get_destination(SOURCE, "google-analytics")
		return testing.clock.now() - begun, #network.calls, got, message, code, details
	end
	local seconds, calls, got = waited("2")
	t.truthy(got and calls == 2 and seconds >= 2 and seconds < 3, seconds)
	seconds, calls, got = waited(os.date("!%a, %d %b %Y %H:%M:%S GMT", testing.clock.now() // 1 + 20), 60)
	t.truthy(got and calls == 2 and seconds > 18 and seconds <= 21, seconds)
	local _, message, code, details
	seconds, calls, got, message, code, details = waited("40")
	t.truthy(not got and calls == 1 and seconds < 1, "more than the patience is not waited")
	t.equal(code, "rate_limited")
	t.equal(details.retry_after, 40)
	t.contains(message, "try again in 40 s")
	_, _, _, _, _, details = waited("999999999")
	t.equal(details.retry_after, 3600)
	for _, garbage in ipairs({ "soon", "-5", "1e3", "0x10", "2 2", "" }) do
		seconds, calls, got = waited(garbage)
		t.truthy(got and calls == 2 and seconds < 1, garbage)
	end
end)

testing.case("RT-10 a Retry-After in the past still leaves the usual pause", function(t)
	for _, header in ipairs({ "0", "Wed, 21 Oct 2015 07:28:00 GMT" }) do
		local answer = { status = 429, headers = { ["Retry-After"] = header } }
		local network = testing.network({ ["GET " .. ONE] = times(4, answer) })
		local begun = testing.clock.now()
		t.truthy(client():get_destination(SOURCE, "google-analytics"))
		t.equal(#network.calls, 5)
		t.truthy(testing.clock.now() - begun > 0.03, header)
	end
end)

testing.case("lists go through all pages, each item once", function(t)
	local network = testing.network({
		["GET " .. LIST] = function(request)
			local token = request.query.page_token
			if not token then
				return { json = { destinations = { { n = 1 }, { n = 2 } }, next_page_token = "a b&c" } }
			elseif token == "a b&c" then
				return { json = { destinations = json.array({}), next_page_token = "last" } }
			end
			return { json = { destinations = { { n = 3 } }, next_page_token = "" } }
		end,
	})
	local seen = {}
	for destination, err in client():destinations(SOURCE) do
		t.equal(err, nil)
		seen[#seen + 1] = destination.n
	end
	t.same(seen, { 1, 2, 3 })
	t.equal(#network.calls, 3)
	t.equal(network.calls[1].query.page_size, "100")
	t.same(client():destinations(SOURCE):all(), { { n = 1 }, { n = 2 }, { n = 3 } })
end)

testing.case("a page that fails ends a list with the reason; strange pages too", function(t)
	local answers
	testing.network({
		["GET " .. LIST] = function()
			return table.remove(answers, 1)
		end,
	})
	local first = { json = { destinations = { { n = 1 } }, next_page_token = "two" } }
	for code, answer in pairs({
		not_found = { status = 404, json = { error = "not found", code = 5 } },
		bad_response = { json = { destinations = { a = 1 } } },
	}) do
		answers = { first, answer }
		local turns = {}
		for item, err, got in client():destinations(SOURCE) do
			turns[#turns + 1] = item and "item" or got
			t.truthy(item or type(err) == "string")
		end
		t.same(turns, { "item", code })
		answers = { first, answer }
		t.equal(select(3, client():destinations(SOURCE):all()), code)
	end
	answers = { first, first, first }
	t.contains(select(2, client():destinations(SOURCE):all()), "the same page twice")
	answers = { { json = {} } }
	t.same(client():destinations(SOURCE):all(), {}, "an answer without the list is an empty one")
	answers = { { json = { destinations = json.null } } }
	t.equal(select(3, client():destinations(SOURCE):all()), "bad_response")
	for _, token in ipairs { false, true, 7, {} } do -- the rest of the list would be missing
		answers = { { json = { destinations = { { n = 1 } }, next_page_token = token } } }
		t.equal(select(3, client():destinations(SOURCE):all()), "bad_response")
	end
	answers = { { json = { destinations = false } } }
	t.equal(select(3, client():destinations(SOURCE):all()), "bad_response")
	answers = { { json = { destinations = json.array {}, next_page_token = json.null } } }
	t.same(client():destinations(SOURCE):all(), {})
end)

testing.case("a destination's config that is false is not taken for an absent one", function(t)
	for _, call in ipairs { "create_destination", "update_destination" } do
		local err = t.raises(function()
			local c = client()
			return (c[call](c, SOURCE, "google-analytics", { config = false }))
		end, "config must be a table, got false")
		t.match(err, "^partnerapp/tests/segment_test.lua:%d+: ", call)
	end
end)

testing.case("workspaces: one bare resource is a list of one", function(t)
	testing.network({ ["GET " .. API .. "workspaces"] = { json = { name = "workspaces/w", id = "e5bdb0902b" } } })
	t.same(client():workspaces():all(), { { name = "workspaces/w", id = "e5bdb0902b" } })
end)

testing.case("a user's client sends e-mail and password, and says when they are wrong", function(t)
	local network = testing.network({
		["POST " .. API .. "access-tokens"] = { status = 401, json = { error = "invalid", code = 16 } },
	})
	local api = segment.new({ user = { "user@example.com", "password" } })
	local _, message, code = api:create_access_token({ description = "d", scopes = "workspace" })
	t.same(network.calls[1].basic, { "user@example.com", "password" })
	t.equal(network.calls[1].bearer, nil)
	t.equal(code, "unauthorized")
	t.contains(message, "password is wrong")
end)

testing.case("RT-14 a success that is not a JSON object is a failure", function(t)
	for _, body in ipairs({ "<html>", "[1", "[]", "[1]", "5", '"text"', "null", "\xff" }) do
		testing.network({ ["GET " .. ONE] = { body = body } })
		local got, _, code = client():get_destination(SOURCE, "google-analytics")
		t.equal(got, nil, body)
		t.equal(code, "bad_response", body)
	end
end)

testing.case("TO-10 what fails below HTTP keeps its code, and says what it is", function(t)
	for code, words in pairs {
		timeout = "Segment did not answer in time: a reason",
		connect = "Segment cannot be reached: a reason",
		dns = "Segment cannot be reached: a reason",
		tls = "Segment cannot be reached: a reason",
		http = "Segment cannot be reached: a reason",
		bad_response = "the connection to Segment broke: a reason",
		too_large = "Segment's answer cannot be used: a reason",
		busy = "Segment was not called: a reason",
		cancelled = "Segment was not called: a reason",
		denied = "Segment was not called: a reason",
	} do
		testing.network({
			["GET " .. ONE] = function()
				return nil, "a reason", code
			end,
		})
		local got, message, got_code = client():get_destination(SOURCE, "google-analytics")
		t.equal(got, nil)
		t.equal(got_code, code)
		t.equal(message, words)
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

testing.case("RT-07 conformance 23: a 401 brings one new token and one more attempt, never more", function(t)
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
