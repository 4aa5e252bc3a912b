-- Deliveries to Webhooks (Actions): the mapping in its settings, requests, batches and retries.
local crypto = require "partnerapp.crypto"
local json = require "partnerapp.json"
local retries = require "events.retries"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"
local webhooks = require "tests.webhooks"

local case = testing.case
local ONE, outcome, story = webhooks.ONE, webhooks.outcome, webhooks.story

local ALL = 'type = "track" or type = "identify"'

local function signed(secret, text)
	return crypto.hex(crypto.hmac("sha1", secret, text))
end

-- Enables the destination with a mapping of all events to ONE, and those settings.
local function prepared(settings)
	local all = { trigger = ALL, url = ONE }
	for name, value in pairs(settings or {}) do
		all[name] = value
	end
	return webhooks.prepared(all, webhooks.ACTIONS)
end

local function accepts(method)
	return testing.network { [method .. " " .. ONE] = { status = 200 } }
end

case("Webhooks (Actions): an event is one signed request", function(t)
	local send, client = prepared { sharedSecret = "abc123", headers = { Own = "1" } }
	local network = accepts "POST"
	send("track", { userId = "u1", event = "日本", properties = { price = 1.0 } })
	local sent = network.calls[1]
	t.equal(sent.headers["User-Agent"], "Segment (Actions)")
	t.equal(sent.headers["Content-Type"], "application/json")
	t.equal(sent.headers.Own, "1")
	t.equal(sent.headers["X-Signature"], signed("abc123", sent.body))
	t.equal(sent.json.event, "日本")
	t.contains(sent.body, '"price":1}')
	t.same(outcome(client), { ["actions-webhook"] = "delivered" })
	t.same(story(client), {
		{ stage = "delivered", destination = "actions-webhook", sentence = "https://one.example answered 200" },
	})
end)

case("Webhooks (Actions): method, headers and data are those of the mapping", function(t)
	for _, method in ipairs { "POST", "PUT", "PATCH" } do
		local send = prepared {
			method = method,
			headers = json.array {
				{ key = "user-agent", value = "own" },
				{ key = "x-signature", value = "0" },
				{ key = "content-type", value = "text/plain" },
			},
			sharedSecret = "abc123",
			data = { who = { ["@path"] = "$.userId" }, what = { ["@template"] = "{{event}}!" } },
		}
		local network = accepts(method)
		send("track", { userId = "u1", event = "E" })
		t.equal(network.calls[1].method, method)
		t.same(network.calls[1].json, { who = "u1", what = "E!" })
		local names = {}
		for name in pairs(network.calls[1].headers) do
			names[#names + 1] = name
		end
		table.sort(names)
		t.same(names, { "Content-Type", "user-agent", "x-signature" })
		t.equal(network.calls[1].headers["Content-Type"], "application/json")
	end
end)

case("Webhooks (Actions): what a mapping does not take, or cannot make, is not sent", function(t)
	for _, one in ipairs {
		{ { trigger = "" }, "NO_MATCHING_MAPPING", "its setting trigger is empty" },
		{ { trigger = '((type = "track"))' }, "NO_MATCHING_MAPPING", "the trigger" },
		{ { trigger = 'type = "page"' }, "FILTERED_AT_MAPPING", 'the trigger does not match: type = "page"' },
		{ { url = "" }, "MESSAGE_REJECTED", "missing the required field 'url'" },
		{ { url = "not a url" }, "MESSAGE_REJECTED", "URL" },
		{ { data = { ["@path"] = 7 } }, "MESSAGE_REJECTED", "@path" },
	} do
		local send, client = prepared(one[1])
		testing.network {}
		send("track", { userId = "u1", event = "E" })
		t.same(outcome(client), { ["actions-webhook"] = one[2] })
		local entry = story(client)[1]
		t.contains(entry.sentence, one[3])
		t.equal(entry.code, one[2] == "MESSAGE_REJECTED" and "PAYLOAD_VALIDATION_FAILED" or nil)
	end
end)

local function track(name, fields)
	local event = { type = "track", userId = "u1", event = name, messageId = name }
	for key, value in pairs(fields or {}) do
		event[key] = value
	end
	return event
end

local DATA = { ["@path"] = "$.event" }

case("Webhooks (Actions): a batch is a list, signed over its first event", function(t)
	local send, client = prepared {
		enable_batching = true,
		sharedSecret = "abc123",
		batch_size = 2,
		data = { event = DATA },
		trigger = 'event != "D"',
	}
	local network = accepts "POST"
	send("batch", { batch = json.array { track "A", track "B", track "D", track "C" } })
	t.equal(#network.calls, 2)
	local first, second = network.calls[1], network.calls[2]
	t.equal(first.body, '[{"event":"A"},{"event":"B"}]')
	t.equal(first.headers["X-Signature"], signed("abc123", '{"event":"A"}'))
	t.equal(second.body, '{"event":"C"}', "a batch of one is sent as an event")
	t.equal(second.headers["X-Signature"], signed("abc123", '{"event":"C"}'))
	local events = client:get("/_sandbox/events").json().events
	t.equal(events[1].story[1].sentence, "https://one.example answered 200, in a batch of 2 events")
	t.equal(events[3].story[1].outcome, "FILTERED_AT_MAPPING")
	t.equal(events[4].story[1].sentence, "https://one.example answered 200")
end)

case("Webhooks (Actions): without batching each event of a batch is a request", function(t)
	local send = prepared { data = { event = DATA } }
	local network = accepts "POST"
	send("batch", { batch = json.array { track "A", track "B" } })
	t.equal(#network.calls, 2)
	t.equal(network.calls[2].body, '{"event":"B"}')
end)

case("Webhooks (Actions): the statuses that are tried again", function(t)
	for status, wanted in pairs {
		[400] = { false, "BAD_REQUEST" },
		[401] = { false, "401" },
		[408] = { true, "INTERNAL" },
		[423] = { true, "INTERNAL" },
		[429] = { true, "429" },
		[500] = { true, "INTERNAL" },
		[501] = { false, "INTERNAL" },
		[503] = { true, "503" },
	} do
		local send, client = prepared()
		testing.network { ["POST " .. ONE] = { status = status } }
		send("track", track "A")
		local entry = story(client)[1]
		t.equal(entry.retried == true, wanted[1], status)
		t.equal(entry.outcome, wanted[2], status)
		t.equal(entry.sentence:find "delivered again within minutes, until 2" ~= nil, wanted[1], entry.sentence)
	end
end)

case("Webhooks (Actions): a batch that was not accepted comes again as it was, for all its events", function(t)
	local send, client, token = prepared {
		enable_batching = true,
		sharedSecret = "abc123",
		method = "PUT",
		data = { event = DATA },
	}
	local status = 503
	local network = testing.network {
		["PUT " .. ONE] = function()
			return { status = status }
		end,
	}
	send("batch", { batch = json.array { track "A", track "B" } })
	testing.clock.advance(12)
	retries.run_due()
	t.contains(story(client)[1].sentence, "answered 503, at attempt 2; delivered again until")
	status = 200
	testing.clock.advance(22)
	retries.run_due()
	t.equal(#network.calls, 3)
	t.equal(network.calls[3].body, '[{"event":"A"},{"event":"B"}]')
	t.equal(network.calls[3].headers["X-Signature"], signed("abc123", '{"event":"A"}'))
	for _, one in ipairs(client:get("/_sandbox/events").json().events) do
		t.same(one.outcomes, { ["actions-webhook"] = "delivered at attempt 3" })
		t.equal(one.story[1].sentence, "https://one.example answered 200, at attempt 3")
	end
	local _, found = segment.call(client, token, "GET", webhooks.ACTIONS .. "/metrics:getSummary")
	t.equal(found.metrics[1].total, 2)
end)

case("Webhooks (Actions): wrong settings are refused", function(t)
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	segment.create_destination(client, token, "actions-webhook")
	for name, value in pairs { method = "GET", batch_size = 4001, data = "x", enable_batching = "perhaps", url = 7 } do
		local status, answer = segment.call(client, token, "PATCH", webhooks.ACTIONS, {
			destination = { config = { { name = webhooks.ACTIONS .. "/config/" .. name, value = value } } },
			update_mask = { paths = { "destination.config" } },
		})
		t.equal(status, 400, name)
		t.contains(answer.error, name)
	end
end)
