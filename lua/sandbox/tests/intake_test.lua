-- The event intake and what it delivers to webhooks.
local crypto = require "partnerapp.crypto"
local delivery = require "events.delivery"
local spec = require "events.spec"
local json = require "partnerapp.json"
local retries = require "events.retries"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local iso8601 = require "events.iso8601"

local case = testing.case
local call, JS = segment.call, segment.JS
local NAME = JS .. "/destinations/webhooks"
local ONE, TWO = "https://one.example/hook", "https://two.example/hook"

local function signed(secret, body)
	return crypto.hex(crypto.hmac("sha1", secret, body))
end

-- An enabled webhooks destination with those settings; what sends events to its source, and the workspace's token.
local function prepared(settings)
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	segment.create_destination(client, token, "webhooks")
	local config = json.array {}
	for name, value in pairs(settings or { hooks = { { hook = ONE } } }) do
		if name == "hooks" then
			json.array(value)
		end
		config[#config + 1] = { name = NAME .. "/config/" .. name, value = value }
	end
	local status, answer = call(client, token, "PATCH", NAME, {
		destination = { enabled = true, config = config },
		update_mask = { paths = { "destination.enabled", "destination.config" } },
	})
	assert(status == 200, answer.error)
	local _, source = call(client, token, "GET", JS)
	local function send(path, body)
		return client:post("/v1/" .. path, { json = body, headers = segment.basic(source.write_keys[1], "") })
	end
	return send, client, token, source.write_keys[1]
end

local function summary(client, token)
	local _, found = call(client, token, "GET", NAME .. "/metrics:getSummary")
	return found.metrics[1].total, found.metrics[2]
end

local function outcome(client)
	local list = client:get("/_sandbox/events").json().events
	return list[#list].outcomes
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

case("the signatures of section 7.4", function(t)
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

case("without a shared secret nothing is signed, and the older single hook is called too", function(t)
	local send = prepared { globalHook = TWO }
	local network = testing.network { ["POST " .. TWO] = { status = 204 } }
	send("page", { anonymousId = "a1", name = "Home" })
	t.equal(network.calls[1].json.name, "Home")
	t.equal(network.calls[1].headers["X-Signature"], nil)
end)

case("what a hook is configured with does not stand beside what Segment says", function(t)
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

case("conformance 71: one hook that takes it is enough", function(t)
	local send, client, token = prepared { hooks = { { hook = ONE }, { hook = TWO } } }
	local network = testing.network { ["POST " .. ONE] = { status = 500 }, ["POST " .. TWO] = { status = 200 } }
	send("track", { userId = "u1", event = "E" })
	t.equal(#network.calls, 2)
	local delivered, not_delivered = summary(client, token)
	t.equal(delivered, 1)
	t.equal(not_delivered.total, 0)
end)

case("what no hook takes is counted by why", function(t)
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

case("what was not taken is tried again on the sandbox's clock, until a hook takes it", function(t)
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

case("what no hook takes for four hours is given up; the pauses grow", function(t)
	local send, client = prepared()
	local times_of = {}
	testing.network {
		["POST " .. ONE] = function()
			times_of[#times_of + 1] = testing.clock.now()
			return nil, "nobody listens", "connect"
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

case("a destination that was switched off or deleted meanwhile gets nothing", function(t)
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

case("conformance 72: nothing is sent to a disabled destination, nor against an event's integrations", function(t)
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
end)

case("conformance 73: a filter drops what it says", function(t)
	local send, client, token = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	call(client, token, "POST", NAME .. "/filters", {
		filter = { ["if"] = "type != 'track'", actions = { { type = "drop_event" } }, enabled = true },
	})
	send("page", { userId = "u1", name = "Home" })
	t.equal(#network.calls, 0)
	t.contains(outcome(client).webhooks, "filter")
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

case("a batch shares its context and integrations; each event has its own say", function(t)
	local send = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	local response = send("batch", {
		context = { ip = "1.2.3.4", locale = "en" },
		integrations = { All = true },
		batch = json.array {
			{ type = "track", userId = "u1", event = "E", context = { locale = "fr" } },
			{ type = "identify", userId = "u1" },
			{ type = "track", userId = "u1", event = "F", integrations = { All = false } },
			{ type = "track", userId = "u1" },
			{ type = "other", userId = "u1" },
			{ userId = "u1" },
			7,
		},
	})
	t.equal(response.status, 200)
	t.equal(#network.calls, 2)
	t.same(network.calls[1].json.context, { ip = "1.2.3.4", locale = "fr" })
	t.same(network.calls[2].json.context, { ip = "1.2.3.4", locale = "en" })
end)

case("events that are of no use are 200 and dropped", function(t)
	local send, client, _, write_key = prepared()
	testing.network {}
	for path, bad in pairs {
		track = { event = "E" },
		identify = { userId = "" },
		group = { userId = "u1" },
		alias = { userId = "u1" },
		screen = { userId = {} },
	} do
		t.equal(send(path, bad).status, 200, path)
		t.match(outcome(client).dropped, "^no_", path)
	end
	t.equal(client:post("/v1/track", { json = { userId = "u1", event = "E" } }).status, 200)
	t.same(outcome(client), { dropped = "no_source" })
	local by_body = { writeKey = write_key, event = "E" }
	t.equal(client:post("/v1/track", { json = by_body }).status, 200)
	t.same(outcome(client), { dropped = "no_user_anon_id" })
end)

case("the same messageId is delivered once", function(t)
	local send, client = prepared()
	local network = testing.network { ["POST " .. ONE] = { status = 200 } }
	for _ = 1, 2 do
		send("track", { userId = "u1", event = "E", messageId = "m1" })
	end
	t.equal(#network.calls, 1)
	t.same(outcome(client), { dropped = "duplicate" })
end)

case("what is no JSON or too large is 400", function(t)
	local send, client = prepared()
	testing.network {}
	local kind = { ["content-type"] = "application/json" }
	for _, body in ipairs { "", "{", "[]", "7", "{'a':1}" } do
		t.equal(client:post("/v1/track", { body = body, headers = kind }).status, 400, body)
	end
	t.equal(client:post("/v1/track", { form = { a = "b" } }).status, 400)
	t.equal(send("track", { userId = "u1", event = ("x"):rep(33000) }).status, 400)
	local many = json.array {}
	for i = 1, 2501 do
		many[i] = { type = "page", userId = "u" }
	end
	t.equal(send("batch", { batch = many }).status, 400)
	t.equal(send("batch", { batch = json.array { { type = "page", userId = ("x"):rep(33000) } } }).status, 400)
	t.equal(send("batch", { batch = "x" }).status, 400)
	t.equal(client:get("/v1/track").status, 405)
	t.equal(client:post("/v1/delete", { json = {} }).status, 404)
end)

case("a hook that cannot be called does not break the intake", function(t)
	local send, client = prepared { hooks = { { hook = "no url" } } }
	t.equal(send("track", { userId = "u1", event = "E" }).status, 200)
	t.match(outcome(client).webhooks, "^errors%.")
end)

case("the time of an event is when it happened by the server's clock", function(t)
	t.equal(iso8601.parse "2012-12-02T00:30:08.276Z", 1354408208276)
	t.equal(iso8601.parse "2012-12-02T01:30:08+01:00", 1354408208000)
	t.equal(iso8601.parse "2000-02-29T00:00:00Z", 951782400000)
	t.equal(iso8601.parse "1970-01-01T00:00:00.5Z", 500)
	for _, bad in ipairs { "", "now", "2012-13-01T00:00:00Z", "2012-12-02", 7 } do
		t.equal(iso8601.parse(bad), nil)
	end
	local event = spec.complete {
		sentAt = "2012-12-02T00:30:10.000Z",
		originalTimestamp = "2012-12-02T00:30:08.000Z",
	}
	t.equal(iso8601.parse(event.receivedAt) - iso8601.parse(event.timestamp), 2000)
	t.equal(spec.complete({ timestamp = "2012-12-02T00:30:08.276Z" }).timestamp, "2012-12-02T00:30:08.276Z")
end)

case("without destinations an event goes nowhere", function(t)
	segment.fresh()
	t.same(delivery.deliver(JS, { type = "track" }), {})
end)

case("the page at / shows what there is, and that of the assumptions all of them", function(t)
	local send, client = prepared()
	testing.network { ["POST " .. ONE] = { status = 200 } }
	send("track", { userId = "u1", event = "<b>Signed up</b>" })
	local page = client:get("/").body
	for _, text in ipairs {
		"workspaces/userworkspace",
		NAME,
		"1 delivered",
		"installs/1",
		"apps/1",
		"&lt;b&gt;Signed up",
		"webhooks: delivered",
		"/v1/track",
		"SANDBOX",
	} do
		t.contains(page, text)
	end
	t.contains(client:get("/assumptions").body, "A44")
end)
