-- The shipped destinations, with answers of the servers that they call. What they send is in destinations/tests.
local json = require "partnerapp.json"
local signature = require "partnerapp.signature"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u-1", messageId = "m-1", properties = { plan = "pro" } }
local ACME = "POST https://api.acme.example/v1/events"
local SLACK = "https://hooks.slack.com/services/T0/B0/x"
local RECEIVER = "https://receiver.example/events"

-- The outcome of an event that goes to one action.
local function outcome_of(tried)
	return tried.stories[1].paths[1].outcome
end

testing.case("Acme: an event is delivered with the customer's key", function(t)
	local network = testing.network { [ACME] = { status = 202 } }
	t.same(testing.try("acme", EVENT, { settings = { api_key = "key-of-a-test" } }).outcomes, { "delivered" })
	t.equal(network.calls[1].headers.authorization, "Bearer key-of-a-test")
	t.same(network.calls[1].json, { event = "Signed Up", user = "u-1", properties = { plan = "pro" } })
end)

testing.case("Acme: the region chooses the host", function(t)
	testing.network { ["POST https://api.eu.acme.example/v1/events"] = {} }
	t.same(testing.try("acme", EVENT, { settings = { region = "eu" } }).outcomes, { "delivered" })
	local tried = testing.try("acme", EVENT, { settings = { region = "asia" } })
	t.same(tried.outcomes, { "INVALID_SETTINGS" })
end)

testing.case("Acme: heartbeats are not sent, and too many requests are tried again", function(t)
	testing.network { [ACME] = { status = 429 } }
	local heartbeat = { type = "track", event = "Heartbeat", userId = "u-1" }
	t.same(testing.try("acme", heartbeat).outcomes, { "FILTERED_AT_MAPPING" })
	t.equal(outcome_of(testing.try("acme", EVENT)).retried, true)
end)

testing.case("Acme: enabling it takes the app's own key", function(t)
	local settings = require("destinations.acme").enable { ACME_API_KEY = "k" }
	t.same(settings, { enabled = true, connection_mode = "CLOUD", config = { api_key = "k" } })
end)

testing.case("Slack: a message goes to the customer's webhook, and a revoked one is final", function(t)
	local mapping = { url = SLACK, text = { ["@template"] = "{{userId}} signed up" }, channel = "general" }
	local network = testing.network { ["POST " .. SLACK] = { body = "ok" } }
	t.same(testing.try("actions-slack", EVENT, { mapping = mapping }).outcomes, { "delivered" })
	t.same(network.calls[1].json, { channel = "general", text = "u-1 signed up" })
	testing.network { ["POST " .. SLACK] = { status = 403, body = "invalid_token" } }
	local result = outcome_of(testing.try("actions-slack", EVENT, { mapping = mapping }))
	t.same({ result.status, result.retried }, { 403, false })
end)

testing.case("Slack: nothing goes to a host that is not Slack's", function(t)
	for _, url in ipairs {
		"https://hooks.acme.example/services/x",
		"http://hooks.slack.com/services/x",
		"https://hooks.slack.com.acme.example/x",
		"https://acme.example/hooks.slack.com/x",
		"https://hooks.slack.com@acme.example/x",
		"https://hooks.slack.com/services/x?y",
	} do
		local tried = testing.try("actions-slack", EVENT, { mapping = { url = url, text = "x" } })
		t.same(tried.outcomes, { "BAD_REQUEST" }, url)
		t.equal(#tried.requests, 0, url)
		t.equal(outcome_of(tried).message, "Invalid Slack URL", url)
	end
end)

local function webhook(more)
	local mapping = { url = RECEIVER, method = "POST", data = { ["@path"] = "$." } }
	for name, value in pairs(more or {}) do
		mapping[name] = value
	end
	return { mapping = mapping, settings = { sharedSecret = "secret-of-a-test" } }
end

testing.case("Webhook: a receiver finds the signature valid, alone and in a batch", function(t)
	local network = testing.network { ["POST " .. RECEIVER] = {} }
	testing.try("actions-webhook", EVENT, webhook())
	testing.try("actions-webhook", { EVENT, EVENT }, webhook())
	t.equal(#network.calls, 2)
	for i, kind in ipairs { "^{", "^%[" } do
		local call = network.calls[i]
		t.match(call.body, kind)
		t.equal(signature.is_valid(call.body, call.headers["x-signature"], { "secret-of-a-test" }), true)
	end
end)

testing.case("Webhook: without a secret nothing is signed", function(t)
	local network = testing.network { ["POST " .. RECEIVER] = {} }
	local given = webhook()
	for _, secret in ipairs { false, "" } do
		given.settings = { sharedSecret = secret or nil }
		testing.try("actions-webhook", EVENT, given)
	end
	t.equal(#network.calls, 2)
	for _, call in ipairs(network.calls) do
		t.equal(call.headers["x-signature"], nil)
	end
end)

testing.case("Webhook: an event without data is null in a batch", function(t)
	local network = testing.network { ["POST " .. RECEIVER] = {} }
	local empty = { type = "track", event = "Signed Up", userId = "u-2" }
	testing.try("actions-webhook", { EVENT, empty }, webhook { data = { ["@path"] = "$.properties" } })
	t.equal(network.calls[1].body, '[{"plan":"pro"},null]')
	testing.try("actions-webhook", { empty, EVENT }, webhook { data = { ["@path"] = "$.properties" } })
	t.equal(network.calls[2].body, '[null,{"plan":"pro"}]')
	t.equal(network.calls[2].headers["x-signature"], nil)
end)

testing.case("Webhook: a header that cannot be sent is final, and says which", function(t)
	for name, value in pairs { ["X Source"] = "a", [""] = "a", ["X-A"] = "a\nb", ["X-B"] = "日", ["X-C"] = "a\127" } do
		local tried = testing.try("actions-webhook", EVENT, webhook { headers = { [name] = value } })
		t.equal(#tried.requests, 0)
		local result = outcome_of(tried)
		t.same({ result.code, result.status, result.retried }, { "PAYLOAD_VALIDATION_FAILED", 400, false }, name)
		t.contains(result.message, "'" .. (name:find "^X%-" and value or name) .. "'")
	end
end)

testing.case("Webhook: what the receiver answers decides whether Segment tries again", function(t)
	for status, retried in pairs { [500] = true, [501] = false, [429] = true, [404] = false } do
		testing.network { ["POST " .. RECEIVER] = { status = status } }
		for _, event in ipairs { EVENT, json.array { EVENT, EVENT } } do
			t.equal(outcome_of(testing.try("actions-webhook", event, webhook())).retried, retried, status)
		end
	end
end)
