-- The options of a mount's server that other providers than Segment need (TO-03): what is sent then, and which mistakes
-- are found when the app loads.
local partnerapp = require "partnerapp"
local provider = require "provider"
local testing = require "partnerapp.testing"

local TOKEN, REFRESH = "POST https://id.example/token", "POST https://id.example/refresh"
local CALLBACK = "/auth/segment/callback"
local OPTIONS = { headers = { accept = "application/json" } }

local SERVER = {
	issuer = "https://id.example",
	authorize_url = "https://id.example/auth",
	token_url = "https://id.example/token",
}

local function app_with(changes, mount)
	local server = {}
	for name, value in pairs(SERVER) do
		server[name] = value
	end
	for name, value in pairs(changes or {}) do
		server[name] = value
	end
	local options = { scope = "read", server = server }
	for name, value in pairs(mount or {}) do
		options[name] = value
	end
	return provider.app(options)
end

local function token(changes)
	local body = { access_token = "the-first", refresh_token = "its-renewal", token_type = "bearer", expires_in = 600 }
	for name, value in pairs(changes or {}) do
		body[name] = value
	end
	return { json = body }
end

local function install(changes, mount)
	local app, seen = app_with(changes, mount)
	local client = testing.client(app)
	local network = testing.network { [TOKEN] = token() }
	local state, query = provider.begin(client)
	local response = provider.callback(client, { state = state, code = "code-of-the-case" }, OPTIONS)
	return seen[1], network.calls[1], query, response
end

testing.case("OA-23 a name that is no option of a server or of a mount says what was meant", function(t)
	for wrong, meant in pairs {
		refreshUrl = "refresh_url",
		tokenurl = "token_url",
		PKCE = "pkce",
		formpost = "form_post",
		authorise_url = "authorize_url",
		token_requests = "token_request",
		authentification = "authentication",
		parameter = "parameters",
	} do
		t.raises(function()
			app_with { [wrong] = "x" }
		end, ("unknown option '%s': did you mean '%s'?"):format(wrong, meant))
	end
	t.raises(function()
		app_with({}, { scopes = "read" })
	end, "unknown option 'scopes': did you mean 'scope'?")
end)

testing.case("OA-10 OA-23 an option of a server that cannot be is refused when the app loads", function(t)
	for _, case in ipairs {
		{ { token_request = "xml" }, "token_request must be form or json" },
		{ { token_request = true }, "'token_request' must be a string" },
		{ { pkce = "no" }, "'pkce' must be a boolean" },
		{ { form_post = "yes" }, "'form_post' must be a boolean" },
		{ { refresh_url = "http://id.example/refresh" }, "refresh_url http://id.example/refresh: must be https" },
		{ { pkce = false, authentication = "none" }, "needs PKCE" },
		{ { parameters = { prompt = true } }, "parameters.prompt must be a string, not a boolean" },
		{ { parameters = { "consent" } }, "a table of names and values" },
		{ { parameters = { response_mode = "form_post" } }, "put form_post = true" },
	} do
		t.raises(function()
			app_with(case[1])
		end, case[2])
	end
end)

testing.case("OA-10 without PKCE neither a challenge nor a verifier is sent; otherwise both are", function(t)
	local saved, call, query = install { pkce = false }
	t.truthy(saved)
	t.equal(query.code_challenge, nil)
	t.equal(query.code_challenge_method, nil)
	t.equal(call.form.code_verifier, nil)
	saved, call, query = install { pkce = true }
	t.truthy(saved)
	t.equal(query.code_challenge, provider.hash(call.form.code_verifier))
	t.equal(query.code_challenge_method, "S256")
end)

testing.case("OA-15 TO-03 requests of tokens as JSON, the client in the header or in the body", function(t)
	local saved, call = install { token_request = "json" }
	t.truthy(saved)
	t.equal(call.headers["content-type"], "application/json")
	t.equal(call.headers.accept, "application/json")
	t.same(call.basic, { "client-id-of-nobody", "secret-of-nobody" })
	t.equal(call.json.grant_type, "authorization_code")
	t.equal(call.json.code, "code-of-the-case")
	t.equal(call.json.client_secret, nil)
	saved, call = install { token_request = "json", authentication = "post" }
	t.equal(call.basic, nil)
	t.equal(call.json.client_id, "client-id-of-nobody")
	t.equal(call.json.client_secret, "secret-of-nobody")
	testing.clock.advance(500)
	local network = testing.network { [TOKEN] = token { access_token = "the-second" } }
	t.equal(saved:token(), "the-second")
	t.same(network.calls[1].json, {
		grant_type = "refresh_token",
		refresh_token = "its-renewal",
		client_id = "client-id-of-nobody",
		client_secret = "secret-of-nobody",
	})
end)

testing.case("RFC 7009 a revocation is a form, also where requests of tokens are JSON", function(t)
	local saved = install { token_request = "json", revoke_url = "https://id.example/revoke" }
	local network = testing.network { ["POST https://id.example/revoke"] = { status = 204 } }
	t.equal(saved:disconnect(), true)
	for _, line in ipairs(testing.log()) do
		t.lacks(line.message, "not revoked")
	end
	t.same(network.calls[1].form, { token = "its-renewal" })
end)

testing.case("TO-03 tokens are renewed at the refresh_url", function(t)
	local saved = install { refresh_url = "https://id.example/refresh" }
	testing.clock.advance(500)
	local network = testing.network { [REFRESH] = token { access_token = "the-second" } }
	t.equal(saved:token(), "the-second")
	t.same(network.calls[1].form, { grant_type = "refresh_token", refresh_token = "its-renewal" })
end)

testing.case("TO-03 a mount of another server needs no scope", function(t)
	local app, saved = partnerapp.new {}, nil
	local function mount(options)
		options.installed = function(_, one)
			saved = one
		end
		app:oauth("/auth/segment", options)
	end
	for _, server in ipairs { false, SERVER } do
		t.raises(function()
			mount { scope = "", server = server or nil }
		end, "cannot be a scope")
	end
	t.raises(function()
		mount {}
	end, "a mount needs 'scope' and 'installed'")
	mount { server = SERVER }
	local client = testing.client(app)
	testing.network { [TOKEN] = token() }
	local state, query = provider.begin(client)
	t.equal(provider.callback(client, { state = state, code = "c" }).status, 200)
	t.equal(query.scope, nil)
	t.equal(saved.scope, "")
	testing.clock.advance(500)
	testing.network { [TOKEN] = token { access_token = "the-second" } }
	t.equal(saved:token(), "the-second")
end)

testing.case("TO-03 a scope that was asked for with commas is one with spaces when the answer has none", function(t)
	local saved, _, query = install({}, { scope = "read,write" })
	t.equal(query.scope, "read,write")
	t.equal(saved.scope, "read write")
	t.equal(saved.asked_scope, "read,write")
	testing.clock.advance(500)
	testing.network { [TOKEN] = token { access_token = "the-second" } }
	t.equal(saved:token(), "the-second")
end)

testing.case("HT-04 a callback is a form only where the mount says so, and the request then asks for it", function(t)
	local headers = { origin = "https://id.example", ["sec-fetch-site"] = "cross-site", accept = "application/json" }
	local function send(changes, form)
		local client = testing.client(app_with(changes))
		local _, query = provider.begin(client)
		return client:post(CALLBACK, { form = form, headers = headers }), query
	end
	local form = { state = "s", code = "a b+&", other = "x", error_description = ("é"):rep(400) }
	local response, query = send(nil, form)
	t.equal(response.status, 405)
	t.equal(query.response_mode, nil)
	response, query = send({ form_post = true }, form)
	t.equal(response.status, 303)
	t.match(
		response.headers.location,
		"^/auth/segment/callback%?state=s&code=a%%20b%%2B%%26&error_description=%%C3%%A9[%%C3A9E2806]*$"
	)
	t.equal(query.response_mode, "form_post")
	query = select(2, send({ form_post = true, parameters = { response_mode = "query" } }, form))
	t.equal(query.response_mode, "query")
	for _, wrong in ipairs {
		{ state = "", code = "x" },
		{ state = "s", code = "a\nb" },
		{ state = "s", code = ("x"):rep(4097) },
		{ state = ("s"):rep(4000), code = ("x"):rep(4000) },
	} do
		response = send({ form_post = true }, wrong)
		t.equal(response.status, 400)
		t.equal(response.json().error, "malformed")
	end
end)
