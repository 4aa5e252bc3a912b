-- Mounts with an authorization server that is not Segment: what is sent to it, and how its tokens live.
local installs = require "partnerapp.installs"
local provider = require "provider"
local testing = require "partnerapp.testing"

local begin, callback = provider.begin, provider.callback

local SERVER = {
	issuer = "https://id.example",
	authorize_url = "https://id.example/auth?tenant=one",
	token_url = "https://id.example/token",
	revoke_url = "https://id.example/revoke",
}
local TOKEN, REVOKE = "POST https://id.example/token", "POST https://id.example/revoke"

local count = 0

local function token(changes)
	count = count + 1
	local body = {
		access_token = "access-of-example-" .. count,
		refresh_token = "refresh-of-example-" .. count,
		token_type = "Bearer",
		expires_in = 600,
		scope = "openid offline_access",
	}
	for name, value in pairs(changes or {}) do
		body[name] = value ~= "absent" and value or nil
	end
	return { json = body }, body.access_token, body.refresh_token
end

local function server_with(changes)
	local server = {}
	for _, source in ipairs({ SERVER, changes or {} }) do
		for name, value in pairs(source) do
			server[name] = value ~= "absent" and value or nil
		end
	end
	return server
end

local function app_with(changes)
	return provider.app({ scope = "openid offline_access", server = server_with(changes) })
end

-- An install at that server.
local function install(changes, answer)
	local app, seen = app_with(changes)
	local client = testing.client(app)
	local network = testing.network({ [TOKEN] = answer or token() })
	local state = begin(client)
	local response = callback(client, { state = state, code = "code-of-the-case", iss = "https://id.example" })
	return seen[1], response, network
end

testing.case("OA-23 a server that is described wrongly fails when the app loads, and says what is wrong", function(t)
	for _, case in ipairs({
		{ { issuer = "absent" }, "needs 'issuer'" },
		{ { authorize_url = "absent" }, "needs 'authorize_url'" },
		{ { token_url = "absent" }, "needs 'token_url'" },
		{ { token_url = 5 }, "'token_url' must be a string" },
		{ { token_url = "nonsense" }, "token_url nonsense" },
		{ { token_url = "http://id.example/token" }, "must be https" },
		{ { revoke_url = "ftp://id.example/" }, "revoke_url" },
		{ { authorize_url = "https://id.example/auth#x" }, "fragment" },
		{ { authentication = "digest" }, "basic, post or none" },
		{ { parameters = { state = "mine" } }, "'state' itself: take it out of parameters" },
		{ { tokenurl = "x" }, "unknown option 'tokenurl'" },
	}) do
		t.raises(function()
			app_with(case[1])
		end, case[2])
	end
	app_with({ token_url = "http://127.0.0.1:9000/token", authorize_url = "http://localhost:9000/auth" })
end)

testing.case("the authorize request goes to the server, with its parameters", function(t)
	local client =
		testing.client(app_with({ parameters = { prompt = "consent", audience = "https://api.example/?a&b" } }))
	local _, query, response = begin(client)
	t.contains(response.headers.location, "https://id.example/auth?tenant=one&response_type=code&")
	t.equal(query.prompt, "consent")
	t.equal(query.audience, "https://api.example/?a&b")
	t.equal(query.code_challenge_method, "S256")
	t.equal(query.scope, "openid offline_access")
end)

testing.case("OA-15 the client authenticates the way the server wants", function(t)
	local _, _, network = install()
	t.same(network.calls[1].basic, { "client-id-of-nobody", "secret-of-nobody" })
	t.equal(network.calls[1].form.client_secret, nil)
	_, _, network = install({ authentication = "post" })
	t.equal(network.calls[1].basic, nil)
	t.equal(network.calls[1].form.client_id, "client-id-of-nobody")
	t.equal(network.calls[1].form.client_secret, "secret-of-nobody")
	_, _, network = install({ authentication = "none" })
	t.equal(network.calls[1].basic, nil)
	t.equal(network.calls[1].form.client_id, "client-id-of-nobody")
	t.equal(network.calls[1].form.client_secret, nil)
	t.truthy(network.calls[1].form.code_verifier)
end)

testing.case("OA-13 the callback names the server it comes from, when the server does that", function(t)
	for _, case in ipairs({
		{ "https://id.example", false, "installed" },
		{ "https://id.segmentapis.com", false, "other_server" },
		{ nil, false, "installed" },
		{ nil, true, "other_server" },
		{ "https://id.example", true, "installed" },
	}) do
		local client = testing.client(app_with({ sends_iss = case[2] }))
		testing.network({ [TOKEN] = token() })
		local state = begin(client)
		local response = callback(
			client,
			{ state = state, code = "c", iss = case[1] },
			{ headers = { accept = "application/json" } }
		)
		t.equal(response.json().error or "installed", case[3])
	end
end)

testing.case("after a failed exchange with another server nothing is said of Segment's installs", function(t)
	local client = testing.client(app_with {})
	testing.network { [TOKEN] = { status = 503, body = "" } }
	local page = callback(client, { state = begin(client), code = "c" })
	t.equal(page.status, 502)
	t.lacks(page.body, "before another try")
end)

testing.case("its install has a local name and its server's, and install:segment() raises", function(t)
	local saved, response = install()
	t.equal(response.status, 303)
	t.match(saved.name, "^local/")
	t.equal(saved.server, "https://id.example")
	t.equal(saved.scope, "openid offline_access")
	t.raises(function()
		saved:segment()
	end, "not at Segment")
end)

testing.case("a token is renewed with its refresh token, which is replaced when a new one comes", function(t)
	local answer, first = token()
	local saved = install(nil, answer)
	t.equal(saved:token(), first)
	testing.clock.advance(310)
	local second_answer, second, second_refresh = token()
	local network = testing.network({ [TOKEN] = second_answer })
	t.equal(saved:token(), second)
	t.same(network.calls[1].form, { grant_type = "refresh_token", refresh_token = answer.json.refresh_token })
	t.same(network.calls[1].basic, { "client-id-of-nobody", "secret-of-nobody" })
	testing.clock.advance(310)
	local third_answer, third = token({ refresh_token = "absent" })
	network = testing.network({ [TOKEN] = third_answer })
	t.equal(saved:token(), third)
	t.equal(network.calls[1].form.refresh_token, second_refresh)
	testing.clock.advance(310)
	network = testing.network({ [TOKEN] = token() })
	t.truthy(saved:token())
	t.equal(network.calls[1].form.refresh_token, second_refresh, "the last one that came is good still")
end)

testing.case("RT-01 a short token is not renewed at each call", function(t)
	local answer, first = token({ expires_in = 100 })
	local saved = install(nil, answer)
	testing.network({})
	testing.clock.advance(45)
	t.equal(saved:token(), first)
	local fresh_answer, fresh = token({ expires_in = 100 })
	testing.network({ [TOKEN] = fresh_answer })
	testing.clock.advance(10)
	t.equal(saved:token(), fresh)
end)

testing.case("RT-08 a refresh token that is refused for good, or that never came, needs a new connection", function(t)
	for _, name in ipairs({ "invalid_grant", "invalid_client", "unauthorized_client" }) do
		local saved = install()
		testing.clock.advance(700)
		local refused = { status = 400, json = { error = name, error_description = "it is over" } }
		local network = testing.network({ [TOKEN] = refused })
		t.equal(select(3, saved:token()), "permanent")
		t.equal(select(3, saved:token()), "needs_reconnect")
		t.equal(#network.calls, 1)
		t.contains(installs.find(saved.id).health_reason, "it is over")
		testing.clock.advance(-700)
	end
	local saved = install(nil, (token({ refresh_token = "absent" })))
	testing.clock.advance(700)
	testing.network({})
	t.equal(select(3, saved:token()), "permanent")
end)

testing.case("RT-09 a server in trouble is asked again", function(t)
	local saved = install()
	testing.clock.advance(700)
	testing.network({ [TOKEN] = { status = 503 } })
	t.equal(select(3, saved:token()), "unavailable")
	t.equal(installs.find(saved.id).health, "renewing")
	local answer, fresh = token()
	testing.network({ [TOKEN] = answer })
	testing.clock.advance(5)
	t.equal(saved:token(), fresh)
end)

testing.case(
	"RT-13 disconnecting revokes the refresh token; when that fails the install is gone here all the same",
	function(t)
		local answer = token()
		local saved = install(nil, answer)
		local network = testing.network({ [REVOKE] = { status = 200 } })
		t.equal(saved:disconnect(), true)
		t.same(network.calls[1].form, { token = answer.json.refresh_token })
		t.equal(installs.find(saved.id), false)
		for _, reply in ipairs({ { status = 503 }, false }) do
			saved = install()
			testing.network({
				[REVOKE] = reply or function()
					return nil, "no answer", "timeout"
				end,
			})
			t.equal(saved:disconnect(), true)
			t.equal(installs.find(saved.id), false)
		end
		saved = install({ revoke_url = "absent" })
		testing.network({})
		t.equal(saved:disconnect(), true)
	end
)

testing.case("a server that no script names any more is a failure that says so, and may heal", function(t)
	local saved = install()
	saved.server = "https://gone.example"
	testing.clock.advance(700)
	local got, message, code = saved:token()
	t.equal(got, nil)
	t.equal(code, "not_set")
	t.contains(message, "https://gone.example")
end)
