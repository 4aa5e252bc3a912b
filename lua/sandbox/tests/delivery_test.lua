-- Deliveries to webhooks and their retries. Conformance cases have the numbers of docs/segment.md 8.
local crypto = require "partnerapp.crypto"
local json = require "partnerapp.json"
local retries = require "events.retries"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local webhooks = require "tests.webhooks"

local case = testing.case
local call = segment.call
local ONE, TWO, NAME, prepared, outcome, summary =
	webhooks.ONE, webhooks.TWO, webhooks.NAME, webhooks.prepared, webhooks.outcome, webhooks.summary

local function signed(secret, body)
	return crypto.hex(crypto.hmac("sha1", secret, body))
end

case("conformance 68: a track call is one signed POST", function(t)
	local send, client, token = prepared {
		sharedSecret = "sharedsecretvalue",
		hooks = { { hook = ONE, headers = json.array { { key = "Authorization", value = "Basic abc" } } } },
	}
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	local response = send("track", {
		userId = "u1",
		event = "Signed up",
		properties = { plan = "pro", url = "https://example.com/日本", price = 1.0, half = 0.5, tags = json.array {} },
	})
	t.equal(response.status, 200)
	t.same(response.json(), { success = true })
	t.equal(#network.calls, 1)
	local sent = network.calls[1]
	t.equal(sent.headers["User-Agent"], "Segment.io/1.0")
	t.equal(sent.headers["Content-Type"], "application/json")
	t.equal(sent.headers.Authorization, "Basic abc")
	t.equal(sent.headers["X-Signature"], signed("sharedsecretvalue", sent.body))
	t.contains(sent.body, "https://example.com/日本")
	t.match(sent.body, '"price":1[,}]')
	t.lacks(sent.body, "writeKey")
	t.equal(sent.json.type, "track")
	t.same(sent.json.properties.tags, {})
	t.match(sent.json.timestamp, "^%d%d%d%d%-%d%d%-%d%dT")
	t.match(sent.json.messageId, "^%x+%-")
	t.equal(summary(client, token), 1)
	t.same(outcome(client), { webhooks = "delivered" })
end)

case("the signatures of docs/segment.md 7.4", function(t)
	for _, one in ipairs {
		{
			"sharedsecretvalue",
			'{"version":1,"type":"track","userId":"u1","event":"Signed up","properties":{"plan":"pro"},'
				.. '"timestamp":"2012-12-02T00:30:08.276Z"}',
			"064ddf8561b8e5db3f4fb42edb47ea002ce50dca",
		},
		{
			"abc123",
			'{"type":"track","userId":"Zoë","event":"日本"}',
			"b9a375969ece25e865a40b754762e2cb29a69ca6",
		},
	} do
		t.equal(signed(one[1], one[2]), one[3])
	end
end)

case("without a shared secret nothing is signed; the older globalHook is called too", function(t)
	local send = prepared { globalHook = TWO }
	local network = testing.network { ["POST " .. TWO] = { status = 204 } }
	send("page", { anonymousId = "a1", name = "Home" })
	t.equal(network.calls[1].json.name, "Home")
	t.equal(network.calls[1].headers["X-Signature"], nil)
end)

case("configured headers cannot replace Segment's own", function(t)
	local headers = { ["user-agent"] = "other", ["CONTENT-TYPE"] = "text/plain", ["x-signature"] = "0", Own = "1" }
	local send = prepared { hooks = { { hook = ONE, headers = headers } }, sharedSecret = "abc123" }
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	send("track", { userId = "u1", event = "E" })
	local sent = network.calls[1]
	t.equal(sent.headers["X-Signature"], signed("abc123", sent.body))
	local names = {}
	for name in pairs(sent.headers) do
		names[#names + 1] = name
	end
	table.sort(names)
	t.same(names, { "Content-Type", "Own", "User-Agent", "X-Signature" })
end)

case("conformance 71: one hook that accepts an event is enough", function(t)
	local send, client, token = prepared { hooks = { { hook = ONE }, { hook = TWO } } }
	local network = testing.network { ["POST " .. ONE] = { status = 500 }, ["POST " .. TWO] = { status = 200 } }
	send("track", { userId = "u1", event = "E" })
	t.equal(#network.calls, 2)
	local delivered, not_delivered = summary(client, token)
	t.equal(delivered, 1)
	t.equal(not_delivered.total, 0)
end)

case("events that no hook accepts are counted by their error", function(t)
	for status, name in pairs {
		[400] = "errors.discarded.400",
		[401] = "errors.discarded.401",
		[302] = "errors.discarded.302",
		[429] = "errors.awaiting-retry.429",
		[503] = "errors.awaiting-retry.503",
	} do
		local send, client, token = prepared()
		testing.network { ["POST " .. ONE] = { status = status } }
		t.equal(send("track", { userId = "u1", event = "E" }).status, 200)
		local delivered, not_delivered = summary(client, token)
		t.equal(delivered, 0)
		t.same(not_delivered.breakdown, { { name = name, value = 1 } })
	end
	local send, client = prepared()
	testing.network {
		["POST " .. ONE] = function()
			return nil, "too late", "timeout"
		end,
	}
	send("track", { userId = "u1", event = "E" })
	t.same(outcome(client), { webhooks = "errors.awaiting-retry.ETIMEDOUT" })
end)

case("an event is delivered again on the sandbox's clock until a hook accepts it", function(t)
	local send, client, token = prepared()
	local status = 503
	local network = testing.network {
		["POST " .. ONE] = function()
			return { status = status }
		end,
	}
	send("track", { userId = "u1", event = "E" })
	t.same(outcome(client), { webhooks = "errors.awaiting-retry.503" })
	retries.run_due()
	t.equal(#network.calls, 1, "not at once")
	testing.clock.advance(12)
	retries.run_due()
	t.equal(#network.calls, 2)
	t.same(outcome(client), { webhooks = "errors.awaiting-retry.503" })
	status = 200
	testing.clock.advance(22)
	retries.run_due()
	t.equal(#network.calls, 3)
	t.equal(network.calls[3].body, network.calls[1].body)
	t.same(outcome(client), { webhooks = "delivered at attempt 3" })
	local delivered, not_delivered = summary(client, token)
	t.equal(delivered, 1)
	t.equal(not_delivered.total, 0)
	testing.clock.advance(7200)
	retries.run_due()
	t.equal(#network.calls, 3)
end)

case("after four hours an event is given up; the pauses grow", function(t)
	local send, client = prepared()
	local times_of = {}
	testing.network {
		["POST " .. ONE] = function()
			times_of[#times_of + 1] = testing.clock.now()
			return nil, "connection refused", "connect"
		end,
	}
	send("track", { userId = "u1", event = "E" })
	for _ = 1, 5 * 3600 / 10 do
		testing.clock.advance(10)
		retries.run_due()
	end
	t.truthy(#times_of > 5 and #times_of < 60, #times_of .. " attempts")
	t.truthy(times_of[#times_of] - times_of[1] >= 4 * 3600)
	t.match(outcome(client).webhooks, "^given up after %d+ attempts: errors.awaiting%-retry.ECONNREFUSED$")
	local personal = segment.personal_token(client, {
		access_token = { description = "d", scopes = "workspace", workspace_names = { "workspaces/business" } },
	})
	t.equal(select(2, summary(client, { access_token = personal.json().token })).total, 1)
	local count = #times_of
	testing.clock.advance(7200)
	retries.run_due()
	t.equal(#times_of, count)
end)

case("a destination that was disabled or deleted gets no retries", function(t)
	for _, change in ipairs { "PATCH", "DELETE" } do
		local send, client, token = prepared()
		local network = testing.network { ["POST " .. ONE] = { status = 503 } }
		send("track", { userId = "u1", event = "E" })
		local body = { destination = { enabled = false }, update_mask = { paths = { "destination.enabled" } } }
		call(client, token, change, NAME, change == "PATCH" and body or nil)
		testing.clock.advance(60)
		retries.run_due()
		t.equal(#network.calls, 1)
		t.match(outcome(client).webhooks, "^given up")
	end
end)

case(
	"conformance 72: nothing is sent to a disabled destination or to one that the event's integrations exclude",
	function(t)
		local send, client, token = prepared()
		local network = testing.network { ["POST " .. ONE] = { status = 200 } }
		send("track", { userId = "u1", event = "E", integrations = { All = false } })
		send("track", { userId = "u1", event = "E", integrations = { Webhooks = false } })
		send("track", { userId = "u1", event = "E", integrations = { All = false, webhooks = true } })
		t.equal(#network.calls, 0)
		send("track", { userId = "u1", event = "E", integrations = { All = false, Webhooks = true } })
		send("track", { userId = "u1", event = "E", integrations = { Salesforce = false } })
		t.equal(#network.calls, 2)
		call(client, token, "PATCH", NAME, { destination = {}, update_mask = { paths = { "destination.enabled" } } })
		send("track", { userId = "u1", event = "E" })
		t.equal(#network.calls, 2)
		t.same(outcome(client), {})
	end
)

case("conformance 73: a filter drops the events of its condition", function(t)
	local send, client, token = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	call(client, token, "POST", NAME .. "/filters", {
		filter = { ["if"] = "type != 'track'", actions = { { type = "drop_event" } }, enabled = true },
	})
	send("page", { userId = "u1", name = "Home" })
	t.equal(#network.calls, 0)
	t.equal(outcome(client).webhooks, "FILTERED_BY_RULES")
	send("track", { userId = "u1", event = "E" })
	t.equal(#network.calls, 1)
end)

case("other destinations of the catalog get nothing", function(t)
	local send, client, token = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	local slack = segment.create_destination(client, token, "slack")
	call(client, token, "PATCH", slack, {
		destination = { enabled = true },
		update_mask = { paths = { "destination.enabled" } },
	})
	send("track", { userId = "u1", event = "E" })
	t.equal(outcome(client).webhooks, "delivered")
	t.contains(outcome(client).slack, "not delivered")
end)
