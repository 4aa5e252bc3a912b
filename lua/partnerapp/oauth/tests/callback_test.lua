-- What a callback of the install flow believes, and the exchange of its code (OA-02 to OA-16).
local cookie = require "partnerapp.web.cookie"
local json = require "partnerapp.json"
local log = require "partnerapp.log"
local provider = require "provider"
local reply = require "partnerapp.reply"
local testing = require "partnerapp.testing"

local begin, callback, install, TOKEN = provider.begin, provider.callback, provider.install, provider.TOKEN

local JSON = { headers = { accept = "application/json" } }

local function flow_cookies(client)
	local names = {}
	for name in pairs(client.cookies) do
		names[#names + 1] = name:find(cookie.name "flow_", 1, true) == 1 and name or nil
	end
	return names
end

-- The error a callback ends with.
local function error_of(client, params, path)
	local response = callback(client, params, JSON, path)
	local body = response.json()
	return body.error or ("installed " .. response.status), response.status
end

-- The callback: state

testing.case("OA-03 conformance 8: a state works in the browser that began it only", function(t)
	local app = provider.app()
	local client, other = testing.client(app), testing.client(app)
	local state = begin(client)
	begin(other)
	t.equal(error_of(other, { state = state, code = "x" }), "state_wrong")
	t.equal(error_of(testing.client(app), { state = state, code = "x" }), "state_wrong")
end)

testing.case("OA-03 OA-05 a cookie under another flow's name, changed or made up is refused", function(t)
	local app = provider.app()
	local client = testing.client(app)
	local state = begin(client)
	local name, sealed = next(client.cookies)
	local other = testing.client(app)
	begin(other)
	local _, foreign = next(other.cookies)
	local bad = { foreign, sealed:sub(1, -2), sealed .. "A", "A" .. sealed, "", "x", ("A"):rep(300), sealed:lower() }
	for i = 1, #sealed, 17 do
		bad[#bad + 1] = sealed:sub(1, i - 1) .. (sealed:sub(i, i) == "A" and "B" or "A") .. sealed:sub(i + 1)
	end
	for _, value in ipairs(bad) do
		client.cookies[name] = value
		t.equal(error_of(client, { state = state, code = "x" }), "state_wrong", value)
	end
	client.cookies[name] = sealed
	testing.network({ [TOKEN] = provider.token() })
	t.equal(callback(client, { state = state, code = "x" }).status, 303)
end)

testing.case("OA-04 a flow lives ten minutes", function(t)
	local client = testing.client(provider.app())
	testing.network({ [TOKEN] = provider.token() })
	local state = begin(client)
	testing.clock.advance(598)
	t.equal(callback(client, { state = state, code = "x" }).status, 303)
	state = begin(client)
	testing.clock.advance(602)
	t.equal(error_of(client, { state = state, code = "x" }), "state_expired")
end)

testing.case("OA-02 a state works once, after a success and after every failure", function(t)
	local app = provider.app()
	local answers = {
		provider.token(),
		{ status = 400, json = { error = "invalid_grant" } },
		{ status = 500, body = "oops" },
		function()
			return nil, "too slow", "timeout"
		end,
	}
	for i, answer in ipairs(answers) do
		local client, again = testing.client(app), testing.client(app)
		testing.network({ [TOKEN] = answer })
		local state = begin(client)
		for name, value in pairs(client.cookies) do
			again.cookies[name] = value
		end
		callback(client, { state = state, code = "x" })
		t.equal(#flow_cookies(client), 0, "the cookie is gone")
		t.equal(select(2, error_of(client, { state = state, code = "x" })), 409, "answer " .. i)
		t.equal(error_of(again, { state = state, code = "x" }), "state_used", "with the cookie kept, answer " .. i)
	end
end)

testing.case("OA-02 a state that ended with an error is used too", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	t.equal(error_of(client, { state = state, error = "access_denied" }), "access_denied")
	t.equal(error_of(client, { state = state, code = "x" }), "state_used")
end)

testing.case("OA-02 while one callback is under way the same one again loses", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	local second
	testing.network({
		[TOKEN] = function()
			second = second or select(2, error_of(client, { state = state, code = "x" }))
			return provider.token()
		end,
	})
	t.equal(callback(client, { state = state, code = "x" }).status, 303)
	t.equal(second, 409)
end)

testing.case("OA-06 twenty flows in one browser end in any order", function(t)
	local client = testing.client(provider.app())
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	local states = {}
	for i = 1, 20 do
		states[i] = begin(client)
	end
	for i = 20, 1, -1 do
		t.equal(callback(client, { state = states[i], code = "x" }).status, 303)
	end
end)

testing.case("OA-06 beyond twenty the oldest go, and the header stays small", function(t)
	local client = testing.client(provider.app())
	local states = {}
	for i = 1, 45 do
		testing.clock.advance(1)
		states[i] = begin(client)
	end
	t.equal(#flow_cookies(client), 20)
	local size = 0
	for name, value in pairs(client.cookies) do
		size = size + #name + #value + 3
	end
	t.truthy(size < 7000, "size " .. size)
	t.equal(error_of(client, { state = states[25], error = "access_denied" }), "state_wrong")
	t.equal(error_of(client, { state = states[26], error = "access_denied" }), "access_denied")
end)

testing.case("OA-06 of flows that began within one second the oldest go too", function(t)
	local client = testing.client(provider.app())
	local states = {}
	for i = 1, 45 do
		testing.clock.advance(0.001)
		states[i] = begin(client)
	end
	t.equal(#flow_cookies(client), 20)
	for i = 1, 25 do
		t.equal(error_of(client, { state = states[i], error = "access_denied" }), "state_wrong")
	end
	for i = 26, 45 do
		t.equal(error_of(client, { state = states[i], error = "access_denied" }), "access_denied")
	end
end)

testing.case("OA-06 cookies that others made up go first", function(t)
	local client = testing.client(provider.app())
	local state = begin(client)
	for i = 1, 30 do
		client.cookies[cookie.name("flow_made_up_" .. i)] = "x"
	end
	begin(client)
	t.equal(#flow_cookies(client), 20)
	t.equal(error_of(client, { state = state, error = "access_denied" }), "access_denied")
end)

testing.case("OA-07 forged callbacks neither use up a state nor end a session", function(t)
	local app = provider.app()
	local client = testing.client(app)
	testing.network({
		[TOKEN] = function()
			return (provider.token())
		end,
	})
	local page = install(client).headers.location
	local session = client.cookies[cookie.name "session"]
	local state = begin(client)
	for _, params in ipairs({
		{ state = "forged", code = "x" },
		{ state = "forged", error = "access_denied" },
		{ code = "x" },
		{ state = state },
		{ state = state, code = "x", iss = "https://evil.example" },
		{ state = "", code = "x" },
	}) do
		t.equal(callback(client, params).status, 400)
		t.equal(callback(testing.client(app), params).status, 400)
	end
	t.equal(callback(testing.client(app), { state = state, code = "x" }).status, 400)
	t.equal(client.cookies[cookie.name "session"], session)
	t.equal(client:get(page).status, 200)
	t.equal(callback(client, { state = state, code = "x" }).status, 303)
end)

-- The callback: parameters

testing.case(
	"OA-08 HT-13 conformance 9: what is missing, empty or there twice is refused, and nothing is called",
	function(t)
		local client = testing.client(provider.app())
		testing.network({})
		local state = begin(client)
		for query, wanted in pairs({
			[""] = "state_missing",
			["code=x"] = "state_missing",
			["error=access_denied"] = "state_missing",
			["state=" .. state] = "no_code",
			["state="] = "malformed",
			["state=&code=x"] = "malformed",
			["state=" .. state .. "&code="] = "malformed",
			["state=" .. state .. "&error="] = "malformed",
			["state=" .. state .. "&code=x&iss="] = "malformed",
			["state=" .. state .. "&state=" .. state .. "&code=x"] = "malformed",
			["state=" .. state .. "&code=x&code=x"] = "malformed",
			["state=" .. state .. "&code=x&code="] = "malformed",
			["state=" .. state .. "&error=a&error=b"] = "malformed",
			["state=" .. state .. "&code=x&iss=a&iss=b"] = "malformed",
			["state=" .. state .. "&%63ode=x&code=y"] = "malformed",
		}) do
			local response = client:get("/auth/segment/callback?" .. query, JSON)
			t.equal(response.status, 400, query)
			t.equal(response.json().error, wanted, query)
		end
		for _, query in ipairs({ "state=%zz", "state=%", "state=%00", "state=%ff", "code=x&state=%c0%af" }) do
			t.equal(client:get("/auth/segment/callback?" .. query, JSON).status, 400, query)
		end
		t.equal(error_of(client, { state = state, error = "access_denied" }), "access_denied", "it is still there")
	end
)

testing.case("unknown parameters are ignored", function(t)
	local client = testing.client(provider.app())
	testing.network({ [TOKEN] = provider.token() })
	local state = begin(client)
	local params = { state = state, code = "x", scope = "a", session_state = "b", return_to = "https://evil.example" }
	t.match(callback(client, params).headers.location, "^/installs/[%w_-]+$")
end)

testing.case("OA-09 with both a code and an error nothing is exchanged", function(t)
	local client = testing.client(provider.app())
	local network = testing.network({})
	local state = begin(client)
	t.equal(error_of(client, { state = state, code = "x", error = "access_denied" }), "access_denied")
	t.equal(#network.calls, 0)
end)

testing.case("OA-13 an answer is taken at the path it was asked from only", function(t)
	local app = provider.app()
	app:oauth("/auth/report", {
		scope = "workspace:read",
		installed = function()
			return reply.text("report")
		end,
	})
	local client = testing.client(app)
	testing.network({ [TOKEN] = provider.token() })
	local state = begin(client, "/auth/segment")
	t.equal(error_of(client, { state = state, code = "x" }, "/auth/report"), "state_wrong")
	t.equal(callback(client, { state = state, code = "x" }, nil, "/auth/segment").status, 303)
end)

testing.case("OA-13 iss is compared, byte for byte, when it is there", function(t)
	local client = testing.client(provider.app())
	testing.network({ [TOKEN] = provider.token() })
	local state = begin(client)
	for _, iss in ipairs({ "https://evil.example", "https://id.segmentapis.com/", "http://id.segmentapis.com" }) do
		t.equal(error_of(client, { state = state, code = "x", iss = iss }), "other_server")
	end
	t.equal(callback(client, { state = state, code = "x", iss = "https://id.segmentapis.com" }).status, 303)
end)

-- The exchange

testing.case("OA-10 OA-11 the verifier proves the challenge and is nowhere else", function(t)
	local client = testing.client(provider.app())
	local network = testing.network({ [TOKEN] = provider.token() })
	local state, query, begun = begin(client)
	local response = callback(client, { state = state, code = "x" })
	local verifier = network.calls[1].form.code_verifier
	t.equal(provider.hash(verifier), query.code_challenge)
	t.truthy(#verifier >= 43 and #verifier <= 128)
	t.lacks(begun.headers.location, verifier)
	t.lacks(json.encode({ response.headers, begun.headers, testing.log() }), verifier)
	t.equal(log.masked(verifier), "***", "whatever a script logs")
end)

testing.case("OA-12 the redirect_uri is the same in both legs, whatever the Host says", function(t)
	local client = testing.client(provider.app())
	local headers = {
		headers = { host = "evil.example", ["x-forwarded-host"] = "evil.example", ["x-forwarded-proto"] = "https" },
	}
	local network = testing.network({ [TOKEN] = provider.token() })
	local state, query = begin(client, nil, headers)
	t.equal(query.redirect_uri, "http://localhost:8888/auth/segment/callback")
	callback(client, { state = state, code = "x" }, headers)
	t.equal(network.calls[1].form.redirect_uri, query.redirect_uri)
end)

testing.case("OA-12 PUBLIC_URL decides the redirect_uri", function(t)
	testing.settings({ PUBLIC_URL = "https://app.example" })
	local client = testing.client(provider.app())
	local network = testing.network({ [TOKEN] = provider.token() })
	local state, query = begin(client)
	t.equal(query.redirect_uri, "https://app.example/auth/segment/callback")
	t.truthy(client.cookies["__Host-partnerapp_443_flow_" .. provider.hash(state):sub(1, 22)])
	t.equal(callback(client, { state = state, code = "x" }).status, 303)
	t.equal(network.calls[1].form.redirect_uri, query.redirect_uri)
end)

testing.case("OA-14 id and secret are form-encoded before Basic", function(t)
	testing.settings({ CLIENT_ID = "id:with/é", CLIENT_SECRET = "a+b c%d&e=f~_-." })
	local network = testing.network({ [TOKEN] = provider.token() })
	install(testing.client(provider.app()))
	t.same(network.calls[1].basic, { "id%3Awith%2F%C3%A9", "a%2Bb%20c%25d%26e%3Df~_-." })
end)

testing.case("OA-11 the token call is a form of exactly what RFC 6749 and 7636 name", function(t)
	local network = testing.network({ [TOKEN] = provider.token() })
	local client = testing.client(provider.app())
	local state = begin(client)
	callback(client, { state = state, code = "a code/with+special&characters=" })
	local call = network.calls[1]
	t.equal(call.method, "POST")
	t.equal(call.headers["content-type"], "application/x-www-form-urlencoded")
	t.equal(call.headers.accept, "application/json")
	t.equal(call.form.grant_type, "authorization_code")
	t.equal(call.form.code, "a code/with+special&characters=")
	local names = 0
	for _ in pairs(call.form) do
		names = names + 1
	end
	t.equal(names, 4)
	t.equal(call.bearer, nil)
end)

testing.case("OA-15 the secret goes to the token endpoint only, and no redirect is followed there", function(t)
	local client = testing.client(provider.app())
	local network = testing.network({
		[TOKEN] = { status = 307, headers = { location = "https://evil.example/oauth2/token" } },
	})
	t.equal(install(client, JSON).json().error, "bad_response")
	t.equal(#network.calls, 1)
	t.equal(network.calls[1].redirects, nil)
	t.lacks(network.calls[1].body, "secret-of-nobody")
	t.lacks(network.calls[1].url, "?")
end)

testing.case("OA-16 the code is neither in the address that follows nor in the log", function(t)
	local client = testing.client(provider.app())
	testing.network({ [TOKEN] = provider.token() })
	local response = install(client)
	t.equal(response.status, 303)
	t.match(response.headers.location, "^/installs/[%w_-]+$")
	t.equal(response.headers["cache-control"], "no-store")
	t.lacks(json.encode(testing.log()), "code-of-the-case")
	t.equal(log.masked "code-of-the-case", "***", "whatever a script logs")
end)

testing.case("LG-01 LG-03 success and failure are logged, without anything secret", function(t)
	local client = testing.client(provider.app())
	local answer, token = provider.token()
	testing.network({ [TOKEN] = answer })
	install(client)
	callback(client, { state = "x", code = "y" })
	local state = begin(client)
	callback(client, { state = state, error = "access_denied" })
	local messages = {}
	for i, line in ipairs(testing.log()) do
		messages[i] = line.level .. " " .. line.message
	end
	t.same(messages, {
		"info install flow begun",
		"info installed",
		"info install flow refused",
		"info install flow begun",
		"info install flow refused by the authorization server",
	})
	t.lacks(json.encode(testing.log()), token)
	t.lacks(json.encode(testing.log()), "secret-of-nobody")
	t.equal(log.masked(token .. " secret-of-nobody"), "*** ***", "whatever a script logs")
end)

testing.case(
	"OA-19 a scope that differs from what was asked is recorded, one that is absent is what was asked",
	function(t)
		local app, seen = provider.app()
		local client = testing.client(app)
		for _, scopes in ipairs({ { "workspace", "workspace" }, { "absent", "destination/google-analytics" } }) do
			testing.network({ [TOKEN] = provider.token({ scope = scopes[1] }) })
			install(client)
			t.equal(seen[#seen].scope, scopes[2])
			t.equal(seen[#seen].asked_scope, "destination/google-analytics")
			t.equal(app.installs:public(seen[#seen]).asked_scope, "destination/google-analytics")
		end
	end
)
