-- How payloads are split into batches by what a customer set, and a customer's mapping of an action without a trigger.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local path = destination.path

local FIELDS = {
	{ "event", type = "string", label = "Event", default = path "$.event" },
	{ "batch_keys", type = "string", label = "Keys", multiple = true, default = { "event" } },
	{ "batch_size", type = "number", label = "Size", default = 0 },
	{ "batch_bytes", type = "number", label = "Bytes" },
}

local function sender(fields)
	return destination.new {
		name = "Sender",
		actions = {
			{
				"send",
				fields = fields,
				perform = print,
				perform_batch = function(request, data)
					return request:post("https://a.example/", { json = data.payload })
				end,
			},
		},
	}
end

local function event(name)
	return { type = "track", event = name, userId = "u" }
end

-- How many payloads each request of a batch of A, B, A, B, A, A has.
local function sizes(mapping, fields)
	local events, counts, seen = {}, {}, {}
	for name in ("ABABAA"):gmatch "." do
		events[#events + 1] = event(name)
	end
	for _, story in ipairs(stages.run_batch(sender(fields or FIELDS), events, { action = "send", mapping = mapping })) do
		local sent = story.paths[1].requests[1]
		if not seen[sent] then
			seen[sent] = true
			counts[#counts + 1] = #json.decode(sent.body)
		end
	end
	return counts
end

testing.case("the fields batch_keys, batch_size and batch_bytes say how payloads are batched", function(t)
	local name = path "$.event"
	t.same(sizes { event = name, batch_keys = json.array { "event" } }, { 4, 2 })
	t.same(sizes { event = name, batch_keys = json.array {} }, { 6 })
	t.same(sizes { event = name, batch_keys = json.array { "event" }, batch_size = 2 }, { 2, 2, 2 })
	t.same(sizes { event = name, batch_size = 4 }, { 4, 2 })
	t.same(sizes { event = name, batch_size = 0 }, { 6 })
	t.same(sizes { event = name, batch_bytes = 70 }, { 2, 2, 2 })
end)

testing.case("without such fields, members of these names are data", function(t)
	local data = { { "event", type = "string", label = "Event" } }
	t.same(sizes({ event = path "$.event", batch_size = 2, batch_keys = json.array { "event" } }, data), { 6 })
	t.same(sizes({ event = path "$.event", batch_size = 2 }, {}), { 6 })
end)

testing.case("a mapping that was given takes every event when its action has no trigger", function(t)
	local story = stages.run(sender(FIELDS), event "A", { action = "send", mapping = { event = "x" } })
	t.same({ story.paths[1].stages[1].stage, story.paths[1].stages[1].result }, { "trigger", "skipped" })
	t.equal(story.paths[1].payload.event, "x")
	t.equal(stages.run(sender(FIELDS), event "A", {}).outcome.outcome, "NO_MATCHING_MAPPING")
	local wrong = stages.run(sender(FIELDS), event "A", { action = "send", mapping = { event = { ["@pth"] = "$" } } })
	t.equal(wrong.paths[1].outcome.code, "PAYLOAD_VALIDATION_FAILED")
end)
