-- The tokens of a customer when a destination with OAuth is tried.
local customer_tokens = require "partnerapp.destination.customer_tokens"
local destination = require "partnerapp.destination"
local given_answers = require "partnerapp.destination.given_answers"
local json = require "partnerapp.json"
local recordings = require "partnerapp.destination.recordings"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u" }

local function courier(scheme)
	return destination.new {
		name = "Courier",
		slug = "courier-mail",
		authentication = { scheme = scheme },
		extend_request = function(data)
			return { base_url = "https://courier.example", bearer = data.auth.access_token }
		end,
		refresh_access_token = scheme == "oauth2" and function(request, data)
			local form = { refresh_token = data.auth.refresh_token, client_id = data.auth.client_id }
			return { access_token = request:post("/token", { form = form }).data.access_token }
		end or nil,
		actions = {
			{
				"send",
				trigger = 'type = "track"',
				perform = function(request)
					return request:post "/send"
				end,
			},
		},
	}
end

testing.case("tokens are from the settings, else stand-ins, and only for OAuth", function(t)
	local one = courier "oauth2"
	t.equal(customer_tokens.find(courier "custom", true), nil)
	t.same(customer_tokens.find(one, false), {})
	testing.settings { COURIER_MAIL_ACCESS_TOKEN = " token-of-a-customer " }
	t.same(customer_tokens.find(one, false), { access_token = "token-of-a-customer" })
	t.same(customer_tokens.find(one, true), {
		access_token = "token-of-a-customer",
		refresh_token = "test-refresh_token",
		client_id = "test-client_id",
		client_secret = "test-client_secret",
	})
	t.equal(customer_tokens.env_name(one), "COURIER_MAIL_ACCESS_TOKEN")
end)

testing.case("a recording has stand-ins for tokens, also for one that was renewed", function(t)
	local one = courier "oauth2"
	local auth = { access_token = "token-of-a-customer", refresh_token = "refresh-of-a-customer" }
	local answers = {
		given_answers.read '401 {"token":"token-of-a-customer"}',
		given_answers.read '{"access_token":"renewed-of-a-customer"}',
	}
	local try = { auth = auth, transport = given_answers.transport(answers) }
	local story = stages.run(one, EVENT, try)
	t.equal(story.paths[1].outcome.delivered, true)
	t.equal(story.paths[1].requests[3].headers.authorization, "Bearer renewed-of-a-customer")
	local recording = recordings.make(one, { event = EVENT, settings = {}, auth = auth }, { story })
	local text = json.encode(recording)
	t.lacks(text, "of-a-customer")
	t.equal(recording.auth.access_token, "test-access_token")
	t.equal(recording.requests[2].body, "client_id=test-client_id&refresh_token=test-refresh_token")
	t.same(recordings.check(one, recording), {})
end)
