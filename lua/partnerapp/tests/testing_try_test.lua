-- testing.try: an event through a destination of the app, in a case.
local json = require "partnerapp.json"
local testing = require "partnerapp.testing"

local EVENT = { type = "track", event = "Signed Up", userId = "u" }
local CARRY = "POST https://home.pigeon.example/carry"
local HOME = { settings = { loft = "home" } }

testing.case("testing.try makes the requests of a destination, and says what became of the event", function(t)
	local network = testing.network { [CARRY] = { status = 202, json = { ok = true } } }
	local tried = testing.try("pigeon", EVENT, HOME)
	t.same(tried.outcomes, { "delivered" })
	t.equal(tried.requests[1].body, '{"speed":5,"text":"Signed Up"}')
	t.equal(tried.requests[1].answer.status, 202)
	t.equal(tried.stories[1].paths[1].payload.text, "Signed Up")
	t.same(network.calls[1].json, { text = "Signed Up", speed = 5 })
end)

testing.case("testing.try: an answer of the partner decides whether Segment tries again", function(t)
	for status, outcome in pairs { [429] = { "429", true }, [503] = { "503", true }, [400] = { "BAD_REQUEST", false } } do
		testing.network { [CARRY] = { status = status } }
		local tried = testing.try("pigeon", EVENT, HOME)
		t.equal(tried.outcomes[1], outcome[1])
		t.equal(tried.stories[1].paths[1].outcome.retried, outcome[2])
	end
	testing.network {
		[CARRY] = function()
			return nil, "no answer within 10 s", "timeout"
		end,
	}
	t.same(testing.try("pigeon", EVENT, HOME).outcomes, { "ETIMEDOUT" })
end)

testing.case("testing.try: settings have their defaults, and a required string a stand-in", function(t)
	testing.network { ["POST https://test-loft.pigeon.example/carry"] = {} }
	t.same(testing.try("pigeon", EVENT).outcomes, { "delivered" })
end)

testing.case("testing.try: a list of events is a batch, and what is filtered makes no request", function(t)
	local network = testing.network { ["POST https://home.pigeon.example/carry-many"] = {} }
	local tried = testing.try("pigeon", { EVENT, { type = "page", userId = "u" }, EVENT }, HOME)
	t.same(tried.outcomes, { "delivered", "FILTERED_AT_MAPPING", "delivered" })
	t.equal(#tried.requests, 1)
	t.equal(#network.calls[1].json, 2)
	t.same(testing.try("pigeon", json.array {}, HOME).outcomes, {})
end)

testing.case("testing.try: a mapping is for the action that is named", function(t)
	local network = testing.network {
		[CARRY] = {},
		["POST https://home.pigeon.example/call-back"] = {},
	}
	testing.try("pigeon", EVENT, { action = "carry", mapping = { text = "fixed" }, settings = HOME.settings })
	t.equal(network.calls[1].json.text, "fixed")
	local tried = testing.try("pigeon", EVENT, { action = "call_back", mapping = {}, settings = HOME.settings })
	t.same(tried.outcomes, { "delivered" })
end)

testing.case("testing.try: tokens are stand-ins, or those of the option auth, and are renewed after a 401", function(t)
	local fly = "POST https://falcon.example/fly"
	local network = testing.network { [fly] = {} }
	testing.try("falcon", EVENT)
	t.equal(network.calls[1].headers.authorization, "Bearer test-access_token")
	network = testing.network {
		[fly] = function(request)
			return { status = request.headers.authorization == "Bearer new" and 200 or 401 }
		end,
		["POST https://falcon.example/token"] = { json = { access_token = "new" } },
	}
	local tried = testing.try("falcon", EVENT, { auth = { access_token = "old", refresh_token = "r-7" } })
	t.same(tried.outcomes, { "delivered" })
	t.equal(network.calls[1].headers.authorization, "Bearer old")
	t.equal(network.calls[2].form.refresh_token, "r-7")
end)

testing.case("testing.try says what is wrong, and where", function(t)
	local function refused(message, ...)
		local given = table.pack(...)
		local err = t.raises(function()
			testing.try(table.unpack(given, 1, given.n))
		end, message)
		t.match(err, "^[%w_/]+%.lua:%d+: testing%.try: ")
	end
	refused("there is no destination 'pigen': did you mean 'pigeon'?", "pigen", EVENT)
	refused("Pigeon has no action 'cary': did you mean 'carry'?", "pigeon", EVENT, { action = "cary" })
	refused("unknown option 'setings': did you mean 'settings'?", "pigeon", EVENT, { setings = {} })
	refused("Pigeon has no setting 'lofft': did you mean 'loft'?", "pigeon", EVENT, { settings = { lofft = "home" } })
	refused("name it in the option action", "pigeon", EVENT, { mapping = {} })
	refused("give a slug and an event", EVENT)
	refused("give a slug and an event", "pigeon")
end)
