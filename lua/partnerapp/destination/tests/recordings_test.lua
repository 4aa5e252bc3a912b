-- Recordings: they have no secret, and a change of the destination is a difference.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local recordings = require "partnerapp.destination.recordings"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local SECRET = "s3cret-key-value"

local function acme(url, extra)
	return destination.new {
		name = "Acme",
		slug = "acme",
		settings = { { "api_key", type = "password" }, { "region", type = "string" } },
		extend_request = function(data)
			return { base_url = "https://api.acme.example", headers = { ["x-key"] = data.settings.api_key } }
		end,
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				fields = { { "event", type = "string", default = destination.path "$.event" } },
				perform = function(request, data)
					local answer = request:post(url, { json = data.payload, query = { key = data.settings.api_key } })
					if extra then
						request:get("/more/" .. tostring(answer.data.id))
					end
				end,
			},
		},
	}
end

local EVENT = { type = "track", event = "Signed Up", userId = "u" }

local function answered(request)
	local headers =
		{ ["content-type"] = "application/json", ["set-cookie"] = "session=" .. SECRET, ["x-echo"] = SECRET }
	return {
		status = 200,
		headers = headers,
		body = ('{"id":7,"you_sent":"%s","url":"%s"}'):format(SECRET, request.url),
	}
end

local function record(one, transport)
	local input = { event = EVENT, settings = { api_key = SECRET, region = "eu" } }
	local story = stages.run(one, EVENT, { settings = input.settings, transport = transport })
	local recording = recordings.make(one, input, { story })
	return assert(json.decode(json.encode(recording, { javascript = true }), { order = true })), recording
end

testing.case("a recording has stand-ins for every password, also in answers", function(t)
	local kept = record(acme("/events", true), answered)
	local text = json.encode(kept)
	t.equal(text:find(SECRET, 1, true), nil)
	t.equal(kept.settings.api_key, "test-api_key")
	t.equal(kept.requests[1].url, "https://api.acme.example/events?key=test-api_key")
	t.equal(kept.requests[2].url, "https://api.acme.example/more/7")
	t.equal(kept.answers[1].headers["set-cookie"], nil)
	t.same({ kept.outcomes[1] }, { "delivered" })
	t.same(recordings.check(acme("/events", true), kept), {})
end)

testing.case("another request, one more, one less and another outcome are differences", function(t)
	local kept = record(acme "/events")
	t.same(recordings.check(acme "/events", kept), {})
	local differences = recordings.check(acme "/event", kept)
	t.contains(
		differences[1].message,
		"is not listed: did you mean 'POST https://api.acme.example/events?key=test-api_key'?"
	)
	differences = recordings.check(acme("/events", true), kept)
	t.contains(differences[1].message, "/more/nil is not listed")
	kept.requests[1].body = '{"event":"Other"}'
	differences = recordings.check(acme "/events", kept)
	t.equal(differences[1].message, "request 1 differs")
	t.contains(differences[1].got, '"event": "Signed Up"')
	kept.outcomes[1] = "RETRY"
	t.contains(recordings.check(acme "/events", kept)[2].message, "the outcome differs")
end)

testing.case("update computes requests and outcomes again", function(t)
	local kept = record(acme "/events")
	recordings.update(acme "/event", kept)
	t.same(recordings.check(acme "/event", kept), {})
	t.equal(kept.requests[1].url, "https://api.acme.example/event?key=test-api_key")
end)

-- A destination whose settings and actions changed since the recording was made.
local function later(name)
	return destination.new {
		name = "Acme",
		slug = "acme",
		settings = {
			{ "token", type = "password", label = "Token", required = true },
			{ "project", type = "number", label = "Project", required = true, default = 7 },
		},
		extend_request = function(data)
			return { base_url = "https://api.acme.example", bearer = data.settings.token }
		end,
		actions = {
			{
				name,
				trigger = 'type = "track"',
				perform = function(request)
					return request:post "/events"
				end,
			},
		},
	}
end

testing.case("a setting that is required now: the difference names it, and update has a stand-in", function(t)
	local kept, one = record(acme "/events"), later "track"
	local differences = recordings.check(one, kept)
	t.contains(
		differences[#differences].message,
		"the outcome differs: The root value is missing the required field 'token'."
	)
	recordings.update(one, kept)
	t.same(kept.settings, { token = "test-token", project = 7 })
	t.equal(kept.requests[1].headers.authorization, "Bearer test-token")
	t.same(kept.outcomes, { "delivered" })
end)

testing.case("an action that is gone is a problem of the recording", function(t)
	local kept = record(acme "/events")
	kept.action = "track"
	t.equal(recordings.problem(later "track", kept), nil)
	t.equal(recordings.problem(later "trak", kept), "Acme has no action 'track': did you mean 'trak'?")
	kept.action = nil
	t.equal(recordings.problem(later "trak", kept), nil)
end)
