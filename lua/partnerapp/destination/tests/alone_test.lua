-- One function of a destination alone, as Segment's tool for trying an action asks.
local credentials = require "partnerapp.destination.credentials"
local customer_settings = require "partnerapp.destination.customer_settings"
local destination = require "partnerapp.destination"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local questions = require "partnerapp.destination.questions"
local stages = require "partnerapp.destination.stages"
local testing = require "partnerapp.testing"

local function answering(status, body)
	local seen = {}
	return function(request)
		seen[#seen + 1] = request
		return { status = status, headers = { ["content-type"] = "application/json" }, body = body or "{}" }
	end,
		seen
end

local function acme(more)
	local given = {
		name = "Acme",
		slug = "acme",
		settings = { { "api_key", type = "password", label = "API key", required = true } },
		authentication = { scheme = "oauth2" },
		refresh_access_token = function(request)
			return { access_token = request:post("https://acme.example/token", {}).data.token }
		end,
		on_delete = function(request, data)
			return request:delete("https://acme.example/users/" .. data.payload.userId)
		end,
		actions = {
			{
				"track",
				trigger = 'type = "track"',
				fields = { { "event", type = "string", label = "Event", required = true } },
				dynamic_fields = {
					event = function(_, data)
						return { choices = { { value = data.payload.event, label = "what was typed" } } }
					end,
				},
				perform = function(request, data)
					return request:post("https://acme.example/events", { json = data.payload })
				end,
				perform_batch = function(request, data)
					return request:post("https://acme.example/batch", { json = data.payload })
				end,
			},
		},
	}
	for name, value in pairs(more or {}) do
		given[name] = value
	end
	return destination.new(given)
end

local EVENT = { ["@path"] = "$.event" }

testing.case("an action alone looks at no trigger, no intake and no settings", function(t)
	local transport, seen = answering(200)
	local one = acme()
	local path = stages.act(one, one.actions.track, { event = EVENT }, { event = "A" }, { transport = transport })
	t.equal(path.outcome.delivered, true)
	t.equal(seen[1].body, '{"event":"A"}')
end)

testing.case("a payload that is not valid says where", function(t)
	local one = acme()
	local path = stages.act(one, one.actions.track, { event = EVENT }, { type = "track" }, {})
	t.equal(path.outcome.code, "PAYLOAD_VALIDATION_FAILED")
	t.equal(path.invalid[1].path, "")
	t.equal(#path.requests, 0)
end)

testing.case("a batch is one call, without the payloads that are not valid", function(t)
	local transport, seen = answering(200)
	local one = acme()
	local events = { { event = "A" }, {}, { event = "B" } }
	local whole, refused = stages.act_batch(
		one,
		one.actions.track,
		{ event = EVENT },
		events,
		{ transport = transport }
	)
	t.equal(#seen, 1)
	t.equal(seen[1].body, '[{"event":"A"},{"event":"B"}]')
	t.equal(whole.outcome.delivered, true)
	t.equal(#refused, 1)
	whole, refused = stages.act_batch(one, one.actions.track, { event = EVENT }, { {} }, { transport = transport })
	t.equal(#seen, 1)
	t.equal(whole.outcome, nil)
	t.equal(#refused, 1)
end)

testing.case("what a function raised is kept, with the answer of the partner's API", function(t)
	local transport = answering(422, '{"error":"no"}')
	local one = acme()
	local path = stages.act(one, one.actions.track, { event = EVENT }, { event = "A" }, { transport = transport })
	t.equal(path.outcome.status, 422)
	t.equal(path.raised.answer.data.error, "no")
end)

testing.case("a 401 renews no token when the try says so", function(t)
	local transport, seen = answering(401)
	local one = acme()
	local function act(refresh)
		local try = { transport = transport, refresh = refresh }
		return stages.act(one, one.actions.track, { event = EVENT }, { event = "A" }, try)
	end
	t.equal(act(false).outcome.status, 401)
	t.equal(#seen, 1)
	act(nil)
	t.equal(#seen, 3)
end)

testing.case("a deletion alone needs no form of an event", function(t)
	local transport, seen = answering(204, "")
	local path = stages.delete(acme(), { userId = "u1" }, { transport = transport })
	t.equal(path.outcome.delivered, true)
	t.equal(seen[1].url, "https://acme.example/users/u1")
end)

testing.case("refresh_access_token is asked alone", function(t)
	local transport, seen = answering(200, '{"token":"new"}')
	local path = questions.refresh(acme(), { transport = transport })
	t.equal(path.returned.access_token, "new")
	t.equal(#seen, 1)
	local without = acme { authentication = { scheme = "oauth-managed" } }
	without.refresh_access_token = nil
	t.equal(questions.refresh(without, {}), nil)
end)

testing.case("the choices of a field are asked with a payload that is known", function(t)
	local one = acme()
	local question = { field = "event", payload = { event = "typed" } }
	local story = questions.choices(one, one.actions.track, question, {})
	t.equal(story.paths[1].choices[1].value, "typed")
end)

testing.case("LG-01 passwords that came with a request are masked from then on", function(t)
	local values = { api_key = "key-of-the-request-1", other = "key-of-the-request-2" }
	customer_settings.mask(acme(), values)
	t.equal(log.masked "key-of-the-request-1 key-of-the-request-2", "*** key-of-the-request-2")
	customer_settings.mask(acme(), { api_key = json.null })
end)

testing.case("LG-01 headers that are credentials", function(t)
	for _, name in ipairs { "authorization", "set-cookie", "x-api-key", "www-authenticate" } do
		t.equal(credentials.is_header(name), true, name)
	end
	t.equal(credentials.is_header "content-type", false)
end)
