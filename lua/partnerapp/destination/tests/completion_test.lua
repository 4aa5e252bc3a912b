-- What Segment's server adds to an event, in a try of an event that lacks it.
local completion = require "partnerapp.destination.completion"
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local path = destination.path
local NOW = "2026-01-15T09:30:00.500Z"

testing.case("what an event has stays, what it lacks is added behind, and the event itself is not changed", function(t)
	local event = json.decode('{"userId":"u","type":"track","timestamp":"2020-01-01T00:00:00Z"}', { order = true })
	local text = '{"userId":"u","type":"track","timestamp":"2020-01-01T00:00:00Z",'
		.. '"messageId":"ajs-next-1f0a5d2c-0000-4000-8000-000000000003","receivedAt":"2026-01-15T09:30:01.000Z"}'
	t.equal(json.encode(completion.of(event, 3), { javascript = true }), text)
	t.equal(event.messageId, nil)
	t.equal(
		completion.of({ type = "track", originalTimestamp = "2021-01-01T00:00:00Z" }).timestamp,
		"2021-01-01T00:00:00Z"
	)
	local whole = completion.of(event)
	t.truthy(completion.of(whole) == whole)
end)

testing.case("a deletion, and what is no event, are left as they are", function(t)
	t.same(completion.of { type = "delete", userId = "u" }, { type = "delete", userId = "u" })
	for _, value in ipairs { "text", 5, json.array {} } do
		t.equal(completion.of(value), value)
	end
end)

testing.case("a mapping finds them, alone and in a batch: each event has a messageId of its own", function(t)
	local fields = {
		{ "time", type = "datetime", label = "Time", required = true, default = path "$.timestamp" },
		{ "id", type = "string", label = "Id", required = true, default = path "$.messageId" },
	}
	local function perform(request, data)
		return request:post("https://acme.example/x", { json = data.payload })
	end
	local action = { "track", trigger = 'type = "track"', fields = fields, perform = perform, perform_batch = perform }
	local one = destination.new { name = "Acme", slug = "acme", actions = { action } }
	local event = { type = "track", event = "Signed Up", userId = "u" }
	local story = stages.run(one, event, {})
	t.equal(story.paths[1].payload.time, NOW)
	t.equal(story.event.timestamp, NOW)
	local stories = stages.run_batch(one, { event, event }, {})
	local ids = { stories[1].paths[1].payload.id:sub(-2), stories[2].paths[1].payload.id:sub(-2) }
	t.same(ids, { "01", "02" })
end)
