-- The authorize endpoint and the consent page. Conformance cases have the numbers of docs/segment.md 8.
local http = require "partnerapp.http"
local segment = require "tests.segment"
local settings = require "settings"
local testing = require "partnerapp.testing"

local case = testing.case
local REDIRECT, JS, fresh, register = segment.REDIRECT, segment.JS, segment.fresh, segment.register
local authorize_url, query_of, consent = segment.authorize_url, segment.query_of, segment.consent
local of_destination = segment.of_destination

case("conformance 1: consent answers with a code and the same state", function(t)
	local client = fresh()
	local oauth_client = register(client, "destination/clearbrain")
	local back = consent(client, authorize_url(oauth_client, "destination/clearbrain"), JS)
	t.equal(back.state, ("a"):rep(40))
	t.match(back.code, "^[%w_-]+%.[%w_-]+$")
	t.equal(#back.code, 87)
end)

case("conformance 3: another scope than the app's is an error redirect", function(t)
	local client = fresh()
	local oauth_client = register(client, "destination/clearbrain")
	local response = client:get(authorize_url(oauth_client, "workspace"))
	local back = query_of(response.headers.location)
	t.equal(response.status, 302)
	t.equal(back.error, "invalid_scope")
	t.truthy(back.error_description)
	t.contains(back.error_hint, '"workspace"')
end)

-- The error and hint of the redirect for a request that is right except for `more`. The parameters that the
-- redirect_uri has already must be kept.
local function redirected(t, client, uri, more)
	local asked = { scope = "workspace", redirect_uris = { uri } }
	local oauth_client = client:post("/_sandbox/clients", { json = asked }).json()
	local fields = { response_type = "code", scope = "workspace", state = "12345678" }
	for name, value in pairs(more or {}) do
		fields[name] = value or nil
	end
	fields.client_id, fields.redirect_uri = oauth_client.client_id, uri
	local location = client:get("/oauth2/auth?" .. http.form(fields)).headers.location
	if location:find("^/login") then
		return "login"
	end
	local back = query_of(location)
	t.equal(location:sub(1, #uri), uri)
	t.equal(back.state, fields.state)
	t.truthy(back.error_description, uri)
	return back.error, back.error_hint
end

case("errors of the authorize endpoint are added to the parameters of the redirect_uri", function(t)
	local client = fresh()
	local uri = "https://app.example/callback?a=b"
	t.equal(redirected(t, client, uri), "login")
	t.equal(redirected(t, client, uri, { response_type = false }), "unsupported_response_type")
	t.equal(redirected(t, client, uri, { response_type = "token" }), "unsupported_response_type")
	t.equal(redirected(t, client, uri, { scope = false }), "invalid_scope")
	t.equal(redirected(t, client, uri, { scope = "workspace workspace" }), "invalid_scope")
	t.equal(redirected(t, client, uri, { code_challenge = "short" }), "invalid_request")
	local name, hint = redirected(t, client, "http://app.example/callback?a=b")
	t.equal(name, "invalid_request")
	t.contains(hint, "localhost")
end)

case("strict: a short state and plain http to an address are refused", function(t)
	local client = fresh()
	local uri, address = "http://app.localhost/callback?a=b", "http://127.0.0.1:8888/callback?a=b"
	t.equal(redirected(t, client, uri, { state = "123" }), "login")
	t.equal(redirected(t, client, address), "login")
	settings.strict = true
	local state, http_to_address = redirected(t, client, uri, { state = "123" }), redirected(t, client, address)
	local fine = redirected(t, client, uri)
	settings.strict = false
	t.equal(state, "invalid_state")
	t.equal(http_to_address, "invalid_request")
	t.equal(fine, "login")
end)

case("a redirect has a state also when the request had none", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local fields = { client_id = oauth_client.client_id, response_type = "code", redirect_uri = REDIRECT }
	local refused = query_of(client:get("/oauth2/auth?" .. http.form(fields)).headers.location)
	t.equal(refused.error, "invalid_scope")
	t.equal(refused.state, "")
	fields.scope = "workspace"
	local back = consent(client, "/oauth2/auth?" .. http.form(fields), "workspaces/business")
	t.truthy(back.code)
	t.equal(back.state, "")
end)

case("conformance 4: an unregistered redirect_uri is not redirected to", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	for _, uri in ipairs { "http://localhost:8888/other", "https://evil.example/", REDIRECT .. "/", REDIRECT .. "#f" } do
		local response = client:get("/oauth2/auth?" .. http.form {
			client_id = oauth_client.client_id,
			response_type = "code",
			scope = "workspace",
			redirect_uri = uri,
		})
		t.equal(response.status, 400, uri)
		t.falsy(response.headers.location, uri)
	end
end)

case("conformance 5: an unknown client is answered directly", function(t)
	local response = fresh():get("/oauth2/auth?client_id=nobody&response_type=code&scope=workspace")
	t.equal(response.status, 401)
	t.equal(response.json().error, "invalid_client")
	t.falsy(response.headers.location)
end)

case("conformance 7: an app is installed once on a workspace", function(t)
	local client = fresh()
	local _, oauth_client = of_destination(client)
	local back = consent(client, authorize_url(oauth_client, "destination/clearbrain"), JS)
	t.contains(back.error_description, "install already exists")
	t.falsy(back.code)
end)

case("Deny is an error redirect with access_denied", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business", "deny")
	t.equal(back.error, "access_denied")
	t.equal(back.state, ("a"):rep(40))
end)

case("an app that is not public can be installed on its own workspace only", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace", false)
	local url = authorize_url(oauth_client, "workspace")
	local challenge = client:get(url).headers.location:match("_challenge=(.*)$")
	client:post("/login", {
		form = { login_challenge = challenge, email = "user@example.com", password = "password" },
	})
	local page = client:get("/authorize?consent_challenge=" .. challenge).body
	t.contains(page, "workspaces/business")
	t.lacks(page, "workspaces/userworkspace")
	local function answer(choice)
		return client:post("/authorize", {
			form = {
				consent_challenge = challenge,
				csrf = page:match('name="csrf" value="([^"]*)"'),
				choice = choice,
				decision = "allow",
			},
		})
	end
	t.equal(answer("workspaces/nowhere").status, 400)
	t.equal(query_of(answer("workspaces/userworkspace").headers.location).error, "access_denied")
end)

case("an install whose code expired unused does not keep the app from being installed", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local url = authorize_url(oauth_client, "workspace")
	t.truthy(consent(client, url, "workspaces/business").code)
	t.contains(consent(client, url, "workspaces/business").error_description, "install already exists")
	client:post("/_sandbox/clock", { json = { advance = 601 } })
	t.truthy(consent(client, url, "workspaces/business").code)
end)
