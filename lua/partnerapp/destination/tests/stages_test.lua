-- The way of an event: what each stage says, what perform is given and may do, and what becomes of the event.
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local path = destination.path

-- A destination with one action, changed by `parts` of the action and `more` parts of the destination.
local function acme(parts, more)
	local action = {
		"track",
		trigger = 'type = "track"',
		fields = {
			{ "event", type = "string", label = "Event", required = true, default = path "$.event" },
			{ "total", type = "number", label = "Total", default = path "$.properties.total" },
		},
		perform = function(request, data)
			return request:post("/events", { json = data.payload })
		end,
	}
	for name, value in pairs(parts or {}) do
		action[name] = value
	end
	local given = {
		name = "Acme",
		slug = "acme",
		actions = { action },
		extend_request = function()
			return { base_url = "https://api.acme.example/v1/", bearer = "k" }
		end,
	}
	for name, value in pairs(more or {}) do
		given[name] = value
	end
	return destination.new(given)
end

local function event(more)
	local one = { type = "track", event = "Signed Up", userId = "u", properties = { total = 5 } }
	for name, value in pairs(more or {}) do
		one[name] = value
	end
	return one
end

-- The only path of a story, and the last stage of it.
local function only(story)
	return story.paths[1], story.paths[1].stages[#story.paths[1].stages]
end

testing.case("an event passes all stages, and nothing is sent", function(t)
	local one = only(stages.run(acme(), event(), {}))
	local names = {}
	for i, stage in ipairs(one.stages) do
		names[i] = stage.stage .. " " .. stage.result
	end
	t.same(names, { "trigger passed", "mapping passed", "validation passed", "perform passed" })
	t.equal(one.outcome.delivered, true)
	local sent = one.requests[1]
	t.same({ sent.method, sent.url, sent.sent }, { "POST", "https://api.acme.example/v1/events", false })
	t.equal(sent.body, '{"event":"Signed Up","total":5}')
	t.same(sent.headers, {
		authorization = "Bearer k",
		["content-type"] = "application/json",
		["user-agent"] = "Segment (Actions)",
	})
end)

testing.case("each stage that stops an event says why, in Segment's codes", function(t)
	local story = stages.run(acme(), event { userId = json.null }, {})
	t.same({ story.outcome.outcome, #story.paths }, { "no_user_anon_id", 0 })
	story = stages.run(acme(), event { integrations = { Acme = false } }, {})
	t.equal(story.outcome.outcome, "FILTERED_BY_INTEGRATIONS_OBJECT")
	local one, last = only(stages.run(acme(), event { type = "identify" }, {}))
	t.equal(one.outcome.outcome, "FILTERED_AT_MAPPING")
	t.contains(last.sentence, 'type is "identify", wanted "track"')
	one = only(stages.run(acme(), event(), { action = "track", mapping = { event = { ["@path"] = "$.none" } } }))
	t.same({ one.outcome.outcome, one.outcome.code }, { "MESSAGE_REJECTED", "PAYLOAD_VALIDATION_FAILED" })
	t.contains(one.outcome.message, "missing the required field 'event'")
	story = stages.run(destination.new { name = "None", actions = { { "x", perform = print } } }, event(), {})
	t.equal(story.outcome.outcome, "NO_MATCHING_MAPPING")
	one = only(stages.run(acme(), event(), { action = "track", mapping = { event = { ["@liquid"] = "x" } } }))
	t.equal(one.outcome.code, "PAYLOAD_VALIDATION_FAILED")
end)

local function outcome_of(perform, transport)
	return only(stages.run(acme { perform = perform }, event(), { transport = transport })).outcome
end

testing.case("what perform raises becomes an outcome, and says whether it is tried again", function(t)
	local errors = destination.errors
	local cases = {
		{
			function()
				errors.retryable "busy"
			end,
			"RETRY",
			"RETRYABLE_ERROR",
			500,
			true,
		},
		{
			function()
				error(errors.retryable("busy", 404))
			end,
			"RETRY",
			"RETRYABLE_ERROR",
			404,
			true,
		},
		{
			function()
				errors.invalid_authentication "no"
			end,
			"401",
			"INVALID_AUTHENTICATION",
			401,
			false,
		},
		{
			function()
				errors.payload_validation "no"
			end,
			"MESSAGE_REJECTED",
			"PAYLOAD_VALIDATION_FAILED",
			400,
			false,
		},
		{
			function()
				errors.integration("no", "OWN", 422)
			end,
			"INTERNAL",
			"OWN",
			422,
			false,
		},
		{
			function()
				errors.integration("no", "OWN", 423)
			end,
			"INTERNAL",
			"OWN",
			423,
			true,
		},
		{
			function()
				errors.api("no", 429)
			end,
			"429",
			"429",
			429,
			true,
		},
		{
			function()
				errors.api("no", 501)
			end,
			"INTERNAL",
			"501",
			501,
			false,
		},
		{
			function()
				errors.self_timeout "slow"
			end,
			"ETIMEDOUT",
			"SELF_TIMEOUT",
			408,
			true,
		},
		{
			function()
				error "a bug"
			end,
			"INTERNAL",
			nil,
			500,
			true,
		},
		{
			function()
				error { 1 }
			end,
			"INTERNAL",
			nil,
			500,
			true,
		},
		{
			function()
				local x = nil
				return x.y
			end,
			"INTERNAL",
			nil,
			500,
			true,
		},
	}
	for i, case in ipairs(cases) do
		local got = outcome_of(case[1])
		t.same(
			{ got.outcome, got.code or "none", got.status, got.retried },
			{ case[2], case[3] or "none", case[4], case[5] },
			"case " .. i
		)
	end
end)

testing.case("answers: what is not 2xx raises unless throw is false; no answer is Node.js's code", function(t)
	local function answers(status)
		return function()
			return { status = status, headers = { ["content-type"] = "application/json" }, body = '{"id":7}' }
		end
	end
	local function post(options)
		return function(request)
			return request:post("/x", options)
		end
	end
	local got = outcome_of(post(), answers(503))
	t.same({ got.outcome, got.status, got.retried }, { "503", 503, true })
	t.equal(outcome_of(post { throw = false }, answers(503)).delivered, true)
	t.equal(outcome_of(post(), answers(404)).outcome, "404")
	t.equal(outcome_of(post(), answers(400)).outcome, "BAD_REQUEST")
	for code, wanted in pairs {
		timeout = "ETIMEDOUT",
		connect = "EREFUSED",
		dns = "ENOTFOUND",
		bad_response = "ECONNRESET",
	} do
		got = outcome_of(post(), function()
			return nil, "no answer", code
		end)
		t.same({ got.outcome, got.code, got.status, got.retried }, { wanted, wanted, 408, true })
	end
	local seen
	outcome_of(function(request)
		seen = request:get("/x").data
	end, answers(200))
	t.same({ seen.id }, { 7 })
end)

testing.case("requests are computed as asked: URL, query, form, headers, credentials", function(t)
	local one = only(stages.run(
		acme {
			perform = function(request)
				request:get("https://other.example/a?b=1", { query = { c = "d e" } })
				request:put("x", { form = { a = 1, b = "ä" }, headers = { ["X-Own"] = 5, Authorization = "own" } })
				request:patch("", { body = "text", basic = { "user", "password" } })
				request:delete "/"
			end,
		},
		event(),
		{ traceparent = "00-1-2-01" }
	))
	local function shown(i)
		local sent = one.requests[i]
		return { sent.method, sent.url, sent.body or "none", sent.headers.authorization, sent.headers.traceparent }
	end
	t.same(shown(1), { "GET", "https://other.example/a?c=d%20e", "none", "Bearer k", "00-1-2-01" })
	t.same(shown(2), { "PUT", "https://api.acme.example/v1/x", "a=1&b=%C3%A4", "own", "00-1-2-01" })
	t.equal(one.requests[2].headers["x-own"], "5")
	t.same(shown(3), { "PATCH", "https://api.acme.example/v1/", "text", "Basic dXNlcjpwYXNzd29yZA==", "00-1-2-01" })
	t.same(shown(4), { "DELETE", "https://api.acme.example/v1/", "none", "Bearer k", "00-1-2-01" })
end)

testing.case("wrong use of request is an outcome that names it", function(t)
	local cases = {
		{
			function(request)
				request:post("/x", { jsn = {} })
			end,
			"unknown option 'jsn': did you mean 'json'?",
		},
		{
			function(request)
				request.post("/x")
			end,
			"request:post(url, …)",
		},
		{
			function(request)
				request:post(5)
			end,
			"must be a string",
		},
		{
			function(request)
				for _ = 1, 101 do
					request:get "/x"
				end
			end,
			"more than 100 requests",
		},
		{
			function(request)
				request:get("/x", { timeout = 0 })
			end,
			"timeout is in seconds",
		},
		{
			function(request)
				request:post("/x", { json = { f = print } })
			end,
			"JSON cannot hold",
		},
	}
	for _, case in ipairs(cases) do
		t.contains(outcome_of(case[1]).message, case[2])
	end
	local one = only(stages.run(
		acme(nil, {
			extend_request = function()
				return { base_url = "nonsense" }
			end,
		}),
		event(),
		{}
	))
	t.contains(one.outcome.message, "base_url is not a URL")
end)

testing.case("an action without fields gets its mapping as it is", function(t)
	local one = acme { fields = {} }
	local mapping = { any = { ["@path"] = "$.event" }, empty = "" }
	local got = only(stages.run(one, event(), { action = "track", mapping = mapping }))
	t.same({ got.payload.any, got.payload.empty, got.stages[3].result }, { "Signed Up", "", "skipped" })
end)

testing.case("with oauth2 a 401 renews the access token, once", function(t)
	local calls = 0
	local function transport(request)
		calls = calls + 1
		local renewed = request.url:find "/token$"
		local fine = renewed or request.headers.authorization == "Bearer new-access-token"
		return { status = fine and 200 or 401, headers = {}, body = "" }
	end
	local function one(refresh, scheme)
		return acme({
			perform = function(request, data)
				return request:post("/events", { bearer = data.auth.access_token })
			end,
		}, { authentication = { scheme = scheme or "oauth2" }, refresh_access_token = refresh })
	end
	local function renew(request)
		request:post "/token"
		return { access_token = "new-access-token" }
	end
	local got = only(stages.run(one(renew), event(), { auth = { access_token = "old" }, transport = transport }))
	t.same({ got.outcome.delivered, calls, #got.requests }, { true, 3, 3 })
	got = only(stages.run(
		one(function()
			return {}
		end),
		event(),
		{ auth = {}, transport = transport }
	))
	t.same({ got.outcome.code, got.outcome.outcome }, { "OAUTH_REFRESH_FAILED", "401" })
	local function useless()
		return { access_token = "also-old-token" }
	end
	calls = 0
	got = only(stages.run(one(useless), event(), { auth = {}, transport = transport }))
	t.same({ got.outcome.outcome, calls }, { "401", 2 })
end)

testing.case("mappings: given, automatic presets, or one for each action", function(t)
	local presets = {
		{
			name = "A",
			action = "track",
			trigger = 'type = "identify"',
			mapping = { event = "fixed" },
			type = "automatic",
		},
		{ name = "B", action = "track", trigger = 'type = "page"', mapping = { event = "x" }, type = "specificEvent" },
	}
	local one = acme(nil, { presets = presets })
	local got = only(stages.run(one, event { type = "identify" }, {}))
	t.same({ got.from, got.payload.event }, { "the preset 'A'", "fixed" })
	t.equal(#stages.run(one, event { type = "page", name = "x" }, {}).paths, 1)
	got = only(stages.run(one, event(), { action = "track", mapping = { event = { ["@template"] = "{{event}}!" } } }))
	t.same({ got.from, got.payload.event }, { "the mapping that was given", "Signed Up!" })
end)

-- Batches

local function batched(parts)
	parts.perform_batch = parts.perform_batch
		or function(request, data)
			return request:post("/batch", { json = data.payload })
		end
	return acme(parts)
end

local function outcomes(stories)
	local list = {}
	for i, story in ipairs(stories) do
		local result = story.outcome or story.paths[1].outcome
		list[i] = result.delivered and "delivered" or result.outcome
	end
	return list
end

testing.case("a batch: one request for all that are valid, and an outcome for each", function(t)
	local events = {
		event(),
		event { properties = { total = "many" } },
		event { type = "identify" },
		event { event = "B" },
	}
	local stories = stages.run_batch(batched {}, events, {})
	t.same(outcomes(stories), { "delivered", "MESSAGE_REJECTED", "FILTERED_AT_MAPPING", "delivered" })
	t.equal(stories[1].paths[1].requests[1].body, '[{"event":"Signed Up","total":5},{"event":"B","total":5}]')
	t.equal(stories[4].paths[1].requests[1], stories[1].paths[1].requests[1])
end)

testing.case("perform_batch may give a result for each payload; a raise is one outcome for all", function(t)
	local results = batched {
		perform_batch = function()
			return {
				{ status = 200 },
				{ status = 429, errormessage = "later" },
				{ errortype = "PAYLOAD_VALIDATION_FAILED", status = 400 },
			}
		end,
	}
	local events = { event(), event(), event(), event() }
	t.same(
		outcomes(stages.run_batch(results, events, {})),
		{ "delivered", "429", "MESSAGE_REJECTED", "MESSAGE_REJECTED" }
	)
	local raising = batched {
		perform_batch = function()
			destination.errors.retryable()
		end,
	}
	t.same(outcomes(stages.run_batch(raising, events, {})), { "RETRY", "RETRY", "RETRY", "RETRY" })
end)

testing.case("batches are split by keys, size and bytes; one payload alone goes to perform", function(t)
	local function bodies(parts, events)
		local list, seen = {}, {}
		for _, story in ipairs(stages.run_batch(batched(parts), events, {})) do
			local sent = story.paths[1].requests[1]
			if not seen[sent] then
				seen[sent] = true
				list[#list + 1] = sent.url:match "[^/]+$" .. #json.decode(sent.body)
			end
		end
		return list
	end
	local many = { event { event = "A" }, event { event = "B" }, event { event = "A" }, event { event = "A" } }
	t.same(bodies({ batch_keys = { "event" } }, many), { "batch3", "events0" })
	t.same(bodies({ batch_size = 2 }, many), { "batch2", "batch2" })
	t.same(bodies({ batch_bytes = 60 }, many), { "batch2", "batch2" })
end)

testing.case("nothing of one try is seen in the next", function(t)
	local one = acme {
		perform = function(request, data)
			data.payload.event, data.settings.own, data.raw_data.event = "changed", 1, "changed"
			return request:post("/x", { json = data.payload })
		end,
	}
	local try = { settings = {} }
	only(stages.run(one, event(), try))
	local again = only(stages.run(one, event(), { settings = {} }))
	t.equal(again.payload.event, "Signed Up")
	t.equal(again.requests[1].body, '{"event":"changed","total":5}')
	t.equal(only(stages.run(acme(), event(), {})).payload.event, "Signed Up")
end)
