-- Steps of the tests of events: a webhooks destination, events for it and their outcomes.
local json = require "partnerapp.json"
local segment = require "tests.segment"

local webhooks = {}

webhooks.NAME = segment.JS .. "/destinations/webhooks"
webhooks.ACTIONS = segment.JS .. "/destinations/actions-webhook"
webhooks.ONE, webhooks.TWO = "https://one.example/hook", "https://two.example/hook"

-- Enables a destination with those settings.
function webhooks.enable(client, token, name, settings, mode)
	local config = json.array {}
	for key, value in pairs(settings) do
		if key == "hooks" then
			json.array(value)
		end
		config[#config + 1] = { name = name .. "/config/" .. key, value = value }
	end
	local status, answer = segment.call(client, token, "PATCH", name, {
		destination = { enabled = true, config = config, connection_mode = mode or "CLOUD" },
		update_mask = { paths = { "destination.enabled", "destination.config", "destination.connection_mode" } },
	})
	assert(status == 200, answer.error)
end

-- Enables a destination, of webhooks unless named, with those settings. Returns a function that sends an event to its
-- source, the client, a token of the workspace and the write key of the source.
function webhooks.prepared(settings, name)
	local client = segment.fresh()
	local token = segment.of_workspace(client)
	name = name or webhooks.NAME
	segment.create_destination(client, token, name:match "[^/]+$")
	webhooks.enable(client, token, name, settings or { hooks = { { hook = webhooks.ONE } } })
	local _, source = segment.call(client, token, "GET", segment.JS)
	local function send(path, body)
		return client:post("/v1/" .. path, { json = body, headers = segment.basic(source.write_keys[1], "") })
	end
	return send, client, token, source.write_keys[1]
end

-- The number of events that the destination accepted, and the metric of the others.
function webhooks.summary(client, token)
	local _, found = segment.call(client, token, "GET", webhooks.NAME .. "/metrics:getSummary")
	return found.metrics[1].total, found.metrics[2]
end

-- The story of the last event.
function webhooks.story(client)
	local list = client:get("/_sandbox/events").json().events
	return list[#list].story
end

-- The outcomes of the last event.
function webhooks.outcome(client)
	local list = client:get("/_sandbox/events").json().events
	return list[#list].outcomes
end

return webhooks
