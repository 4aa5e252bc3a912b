-- Mistakes in a destination's functions: none is a delivery, and each says what was meant and where.
local destination = require "partnerapp.destination"
local http = require "partnerapp.http"
local questions = require "partnerapp.destination.questions"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u" }
local HERE = "partnerapp/destination/tests/failures_test%.lua:%d+: "

local function acme(perform, parts)
	local given = {
		name = "Acme",
		slug = "acme",
		settings = { { "api_key", type = "password", label = "Key" } },
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				fields = { { "user_id", type = "string", label = "User", default = destination.path "$.userId" } },
				perform = perform,
				perform_batch = perform,
			},
			{ "other", fields = { { "list", type = "string", label = "List" } }, perform = print },
		},
	}
	for name, value in pairs(parts or {}) do
		given[name] = value
	end
	return destination.new(given)
end

local function run(perform, parts, try)
	return stages.run(acme(perform, parts), EVENT, try or {}).paths[1].outcome
end

local MISSPELT = {
	{
		"data",
		"data has no 'setings': did you mean 'settings'?",
		function(_, data)
			return data.setings
		end,
	},
	{
		"a name of Segment's",
		"data has no 'rawData': did you mean 'raw_data'?",
		function(_, data)
			return data.rawData
		end,
	},
	{
		"a setting",
		"the destination has no setting 'apikey': did you mean 'api_key'?",
		function(_, data)
			return data.settings.apikey
		end,
	},
	{
		"auth",
		"auth has no 'accessToken': did you mean 'access_token'?",
		function(_, data)
			return data.auth.accessToken
		end,
	},
	{
		"a field",
		"the payload has no field 'userid': did you mean 'user_id'?",
		function(_, data)
			return data.payload.userid
		end,
	},
	{
		"a method",
		"request has no 'pst': did you mean 'post'?",
		function(request)
			return request:pst "/"
		end,
	},
	{
		"an error",
		"destination.errors has no 'retryble': did you mean 'retryable'?",
		function()
			return destination.errors.retryble "x"
		end,
	},
}

for _, row in ipairs(MISSPELT) do
	testing.case("a misspelt name is an outcome that says what was meant: " .. row[1], function(t)
		local result = run(row[3])
		t.equal(result.delivered, false)
		t.contains(result.message, row[2])
		t.match(result.message, "^" .. HERE)
	end)
end

testing.case("names that may be absent are nil: settings, fields of any action, and parts of data", function(t)
	local seen
	run(function(_, data)
		local payload, auth = data.payload, data.auth
		seen = { data.settings.api_key == nil, payload.list == nil, auth.access_token == nil, data.query == nil }
		payload.more = 1
		seen[5] = payload.more == 1 and payload[1] == nil
	end)
	t.same(seen, { true, true, true, true, true })
end)

testing.case("each payload of a batch says so too, and is sent with its members in their order", function(t)
	local one = acme(function(request, data)
		request:post("https://acme.example/x", { json = data.payload })
		return data.payload[2].usr_id
	end)
	local stories = stages.run_batch(one, { EVENT, EVENT }, {})
	t.contains(stories[1].paths[1].outcome.message, "did you mean 'user_id'?")
	t.equal(stories[1].paths[1].requests[1].body, '[{"user_id":"u"},{"user_id":"u"}]')
end)

testing.case("nil and a message is a failure, as everywhere in scripts", function(t)
	local result = run(function()
		return nil, "Acme is closed"
	end)
	t.same({ result.delivered, result.message, result.status, result.retried }, { false, "Acme is closed", 500, true })
	local function no_answer()
		return nil, "took too long", "timeout"
	end
	result = run(function()
		return http.get "https://acme.example/"
	end, nil, { transport = no_answer })
	t.same({ result.outcome, result.code, result.status }, { "ETIMEDOUT", "ETIMEDOUT", 408 })
	t.equal(result.where, nil)
end)

testing.case("credentials and choices: nil and a message says that they are wrong", function(t)
	local one = acme(print, {
		test_authentication = function()
			return nil, "the key is unknown"
		end,
	})
	local asked = questions.authentication(one, {})
	t.same({ asked.paths[1].outcome.delivered, asked.paths[1].outcome.message }, { false, "the key is unknown" })
end)

testing.case("what extend_request returns wrongly is told with its line", function(t)
	for _, wrong in ipairs { { base_url = "acme.example" }, { bas_url = "https://acme.example" }, 5 } do
		local result = run(print, {
			extend_request = function()
				return wrong
			end,
		})
		t.match(result.message, "^" .. HERE .. "extend_request")
	end
end)
