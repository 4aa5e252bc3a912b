-- An app's handlers of events (app:on): outcomes as those of a Destination Function.
local destination = require "partnerapp.destination"
local handlers = require "partnerapp.destination.handlers"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local function event(kind)
	return { type = kind or "track", event = "Signed Up", userId = "u", groupId = "g" }
end

-- The only path of the story of one event of an app with a handler.
local function told(handler, kind)
	local app = partnerapp.new { name = "Acme" }
	app:on("track", handler)
	return stages.run(handlers.destination(app), event(kind), { settings = { COLOR = "blue" } }).paths[1]
end

testing.case("a handler gets the event and the settings, and its calls are kept and not sent", function(t)
	local got
	local path = told(function(one, settings)
		got = { one.event, settings.COLOR }
		return http.post("https://hooks.example/T0", { json = { b = 1, a = { d = 1, c = 2 } }, bearer = "k" })
	end)
	t.same(got, { "Signed Up", "blue" })
	t.equal(path.outcome.delivered, true)
	local sent = path.requests[1]
	t.same({ sent.method, sent.url, sent.sent }, { "POST", "https://hooks.example/T0", false })
	t.same({ sent.body, sent.headers.authorization }, { '{"a":{"c":2,"d":1},"b":1}', "Bearer k" })
end)

-- Raised by a handler → code, outcome, whether Segment tries again (segment-api: Destination Functions).
local RAISED = {
	{
		function()
			destination.errors.event_not_supported "no"
		end,
		"EventNotSupported",
		"UNSUPPORTED_EVENT_TYPE",
		false,
	},
	{
		function()
			destination.errors.invalid_event_payload "no"
		end,
		"InvalidEventPayload",
		"MESSAGE_REJECTED",
		false,
	},
	{
		function()
			destination.errors.validation "no"
		end,
		"ValidationError",
		"MESSAGE_REJECTED",
		false,
	},
	{
		function()
			destination.errors.retry "no"
		end,
		"RetryError",
		"RETRY",
		true,
	},
	{
		function()
			error "a string"
		end,
		"BadRequestError",
		"BAD_REQUEST",
		false,
	},
	{
		function()
			error { 1 }
		end,
		"BadRequestError",
		"BAD_REQUEST",
		false,
	},
	{
		function()
			return nil, "no answer", "timeout"
		end,
		"BadRequestError",
		"BAD_REQUEST",
		false,
	},
	{
		function()
			error()
		end,
		"BadRequestError",
		"BAD_REQUEST",
		false,
	},
}

for i, row in ipairs(RAISED) do
	testing.case(("what a handler raises is sorted as at Segment: %s (%d)"):format(row[2], i), function(t)
		local path = told(row[1])
		local outcome, stage = path.outcome, path.stages[#path.stages]
		t.same({ outcome.code, outcome.outcome, outcome.retried }, { row[2], row[3], row[4] })
		t.same({ stage.stage, stage.result, stage.code }, { "handler", "stopped", row[2] })
	end)
end

testing.case("an event without a handler is not supported, and not tried again", function(t)
	local outcome = told(function() end, "group").outcome
	t.same({ outcome.code, outcome.outcome, outcome.retried }, { "EventNotSupported", "UNSUPPORTED_EVENT_TYPE", false })
	t.contains(outcome.message, 'app:on("group", …)')
end)

testing.case("a batch goes to the handler of batches, with a result for each event", function(t)
	local app = partnerapp.new()
	app:on("track", error)
	app:on("batch", function(events)
		return { { status = 200 }, { status = 400, errormessage = "no " .. #events }, { status = 500 } }
	end)
	local list = { event(), event(), event(), { type = "track" } }
	local stories = stages.run_batch(handlers.destination(app), list, {})
	local outcomes = {}
	for i = 1, 3 do
		local outcome = stories[i].paths[1].outcome
		outcomes[i] = { outcome.delivered, outcome.status, outcome.retried }
	end
	t.same(outcomes, { { true, 200, false }, { false, 400, false }, { false, 500, true } })
	t.equal(stories[2].paths[1].outcome.message, "no 3")
	t.equal(stories[4].outcome.outcome, "no_user_anon_id")
end)

testing.case("a batch without a handler of batches goes event by event", function(t)
	local count = 0
	local app = partnerapp.new()
	app:on("track", function()
		count = count + 1
	end)
	local stories = stages.run_batch(handlers.destination(app), { event(), event(), event "page" }, {})
	t.equal(count, 2)
	t.equal(stories[3].paths[1].outcome.code, "EventNotSupported")
end)

testing.case("wrong handlers are refused with what was meant", function(t)
	local app = partnerapp.new()
	t.raises(function()
		app:on("trakc", print)
	end, "unknown type of event 'trakc': did you mean 'track'?")
	t.raises(function()
		app:on("track", {})
	end, "the handler of 'track' must be a function, not a table")
	app:on("track", print)
	t.raises(function()
		app:on("track", print)
	end, "on: 'track' is already handled at ")
	local outer = partnerapp.new()
	outer:on("track", print)
	t.raises(function()
		outer:mount("/inner", app)
	end, "on: 'track' is already handled at ")
end)

testing.case("an app without handlers is no destination; those of a mounted app are the outer one's", function(t)
	local outer, inner = partnerapp.new(), partnerapp.new()
	t.equal(handlers.destination(outer), nil)
	inner:on("page", print)
	outer:mount("/inner", inner)
	t.equal(handlers.destination(outer).handlers.page.run, print)
end)

testing.case("secrets of an app's settings are those that come from outside and look like secrets", function(t)
	testing.settings {
		["env.API_KEY"] = "k-12345678",
		["env.HOOK"] = "https://h.example/T0/abcdef",
		["env.REGION"] = "eu",
	}
	local app = partnerapp.new { env = { API_KEY = "", HOOK = "", REGION = "us", SITE = "https://acme.example" } }
	app:on("track", print)
	local types = {}
	for _, field in ipairs(handlers.destination(app).settings) do
		types[field.name] = field.type
	end
	t.same(types, { API_KEY = "password", HOOK = "password", REGION = "string", SITE = "string" })
end)
