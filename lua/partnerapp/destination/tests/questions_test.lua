-- What Segment's forms ask a destination, and deletions.
local destination = require "partnerapp.destination"
local questions = require "partnerapp.destination.questions"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local function acme(parts, dynamic)
	local given = {
		name = "Acme",
		slug = "acme",
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				fields = {
					{ "list", type = "string", label = "List", dynamic = true },
					{ "region", type = "string", label = "Region", default = destination.path "$.properties.region" },
				},
				dynamic_fields = { list = dynamic },
				perform = function() end,
			},
		},
		extend_request = function(data)
			return { base_url = "https://api.acme.example", bearer = data.auth.access_token or "old" }
		end,
	}
	for name, value in pairs(parts or {}) do
		given[name] = value
	end
	return destination.new(given)
end

local function status(number)
	return function()
		return { status = number, headers = {}, body = "" }
	end
end

-- The path of the only question.
local function choices(dynamic, question, try)
	local one = acme(nil, dynamic)
	question = question or {}
	question.field = "list"
	return questions.choices(one, one.actions.track, question, try or {}).paths[1]
end

testing.case("credentials are right when test_authentication returns, and wrong when it raises", function(t)
	local one = acme {
		test_authentication = function(request)
			return request:get "/me"
		end,
	}
	local path = questions.authentication(one, { transport = status(200) }).paths[1]
	t.same({ path.outcome.delivered, path.requests[1].url }, { true, "https://api.acme.example/me" })
	path = questions.authentication(one, { transport = status(401) }).paths[1]
	t.same({ path.outcome.delivered, path.outcome.outcome, path.outcome.status }, { false, "401", 401 })
	local story, message = questions.authentication(acme(), {})
	t.same({ story, message }, { nil, "Acme has no test_authentication" })
end)

testing.case("with oauth2 credentials are renewed once after a 401", function(t)
	local one = acme {
		authentication = { scheme = "oauth2" },
		test_authentication = function(request)
			return request:get "/me"
		end,
		refresh_access_token = function()
			return { access_token = "new-token" }
		end,
	}
	local path = questions.authentication(one, {
		transport = function(request)
			return status(request.headers.authorization == "Bearer new-token" and 200 or 401)()
		end,
	}).paths[1]
	t.same({ path.outcome.delivered, #path.requests }, { true, 2 })
end)

testing.case("a dynamic field gets the payload, the query and the page", function(t)
	local path = choices(function(request, data)
		local answer =
			request:get("/lists", { query = { q = data.query, page = data.page, region = data.payload.region } })
		return { choices = { { value = "1", label = "One " .. answer.status } }, next_page = "3" }
	end, { query = "o", page = "2", event = { type = "track", properties = { region = "eu" } } })
	t.equal(path.requests[1].url, "https://api.acme.example/lists?page=2&q=o&region=eu")
	t.same({ path.choices, path.next_page }, { { { value = "1", label = "One 200" } }, "3" })
end)

testing.case("a dynamic field that returns something else is told what is expected", function(t)
	for _, row in ipairs {
		{ nil, "a dynamic field returns { choices =" },
		{ { { value = 1, label = "x" } }, "a dynamic field returns { choices =" },
		{ { choices = { { label = "x" } } }, "choice 1 has no value or no label" },
		{ { choices = { { value = 1, label = "x" }, 5 } }, "choice 2 has no value or no label" },
		{ { choices = {}, next_page = 2 }, "next_page is a string" },
	} do
		local path = choices(function()
			return row[1]
		end)
		t.equal(path.outcome.delivered, false)
		t.contains(path.outcome.message, row[2])
	end
end)

testing.case("a dynamic field may return an error, or raise one", function(t)
	local path = choices(function()
		return { choices = {}, error = { message = "no such list", code = "404" } }
	end)
	t.same({ path.outcome.status, path.outcome.message }, { 404, "no such list" })
	path = choices(function(request)
		return request:get "/lists"
	end, nil, { transport = status(503) })
	t.same({ path.outcome.outcome, path.outcome.retried }, { "503", true })
end)

testing.case("a field that is not dynamic has no choices to ask for", function(t)
	local one = acme(nil, print)
	local story, message = questions.choices(one, one.actions.track, { field = "region" }, {})
	t.same({ story, message }, { nil, "track: 'region' is not among its dynamic_fields: list" })
end)

testing.case("a deletion goes to on_delete and to no action", function(t)
	local one = acme {
		on_delete = function(request, data)
			return request:delete("/users/" .. data.payload.userId)
		end,
	}
	local story = stages.run(one, { type = "delete", userId = "u1" }, {})
	t.equal(#story.paths, 1)
	local sent = story.paths[1].requests[1]
	t.same({ sent.method, sent.url }, { "DELETE", "https://api.acme.example/users/u1" })
	t.equal(stages.run_batch(one, { { type = "delete", userId = "u2" } }, {})[1].paths[1].outcome.delivered, true)
	local outcome = stages.run(acme(), { type = "delete", userId = "u1" }, {}).paths[1].outcome
	t.equal(outcome.outcome, "UNSUPPORTED_EVENT_TYPE")
end)

testing.case("with oauth2 a batch is called again after a 401", function(t)
	local one = destination.new {
		name = "Acme",
		authentication = { scheme = "oauth2" },
		extend_request = function(data)
			return { base_url = "https://api.acme.example", bearer = data.auth.access_token }
		end,
		refresh_access_token = function()
			return { access_token = "new-token" }
		end,
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				perform = function() end,
				perform_batch = function(request, data)
					return request:post("/batch", { json = data.payload })
				end,
			},
		},
	}
	local event = { type = "track", event = "e", userId = "u" }
	local stories = stages.run_batch(one, { event, event }, {
		transport = function(request)
			return status(request.headers.authorization == "Bearer new-token" and 200 or 401)()
		end,
	})
	for _, story in ipairs(stories) do
		local path = story.paths[1]
		t.same({ path.outcome.delivered, #path.requests }, { true, 2 })
	end
end)
