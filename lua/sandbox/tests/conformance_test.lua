-- The conformance cases of Segment's OAuth and Config API, numbered as in the facts sheet.
local app = require "init"
local crypto = require "partnerapp.crypto"
local http = require "partnerapp.http"
local json = require "partnerapp.json"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local REDIRECT = segment.REDIRECT
local JS = segment.JS
local CLEARBRAIN = segment.CLEARBRAIN
local fresh, basic, bearer, register = segment.fresh, segment.basic, segment.bearer, segment.register
local authorize_url, query_of = segment.authorize_url, segment.query_of
local consent, exchange, install = segment.consent, segment.exchange, segment.install
local of_destination, of_workspace = segment.of_destination, segment.of_workspace
local create_clearbrain, personal_token = segment.create_clearbrain, segment.personal_token

local case = testing.case

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

-- What the authorize endpoint redirects a request to, which is good but for `more`; its own parameters are kept.
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

case("errors of the authorize endpoint that are redirected, behind what the redirect_uri has already", function(t)
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
	require("settings").strict = true
	local state, http_to_address = redirected(t, client, uri, { state = "123" }), redirected(t, client, address)
	local fine = redirected(t, client, uri)
	require("settings").strict = false
	t.equal(state, "invalid_state")
	t.equal(http_to_address, "invalid_request")
	t.equal(fine, "login")
end)

case("a state comes back also when there was none", function(t)
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

case("refusal comes back as access_denied", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business", "deny")
	t.equal(back.error, "access_denied")
	t.equal(back.state, ("a"):rep(40))
end)

case("a consent that was answered already has a page that says what to do", function(t)
	local client = fresh()
	local page = client:get("/authorize?consent_challenge=" .. ("a"):rep(32), { headers = { accept = "text/html" } })
	t.equal(page.status, 400)
	t.contains(page.body, "<h1>Bad request</h1>")
	t.contains(page.body, "Begin again at the app.")
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

case("conformance 11: a destination's token names its source", function(t)
	local token = of_destination(fresh())
	t.same(token.source_names, { JS })
	t.equal(token.install_name, "installs/1")
	t.equal(token.token_type, "bearer")
	t.equal(token.expires_in, 3599)
end)

case("conformance 12: a workspace's token names no source", function(t)
	local token = of_workspace(fresh(), "workspace:read")
	t.equal(token.source_names, nil)
	t.same(token.workspace_names, { "workspaces/business" })
end)

case("conformance 13: an exchange without redirect_uri", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local response = exchange(client, oauth_client, { grant_type = "authorization_code", code = back.code })
	t.equal(response.status, 400)
	t.equal(response.json().error, "invalid_request")
	t.contains(response.json().error_description, "missing a required parameter")
end)

case("conformance 15: a code used twice kills the token of the first time", function(t)
	local client = fresh()
	local token, oauth_client, back = of_workspace(client)
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	local response = exchange(client, oauth_client, fields)
	t.equal(response.status, 400)
	t.equal(response.json().error, "invalid_grant")
	t.equal(client:get("/v1beta/workspaces", { headers = bearer(token.access_token) }).status, 401)
end)

case("a code used twice kills the token also when another client sends it", function(t)
	local client = fresh()
	local token, _, back = of_workspace(client)
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(exchange(client, register(client, "workspace:read"), fields).json().error, "invalid_grant")
	t.equal(client:get("/v1beta/workspaces", { headers = bearer(token.access_token) }).status, 401)
end)

case("conformance 16: a wrong client secret", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local response = client:post("/oauth2/token", {
		form = { grant_type = "authorization_code", code = "x", redirect_uri = REDIRECT },
		headers = basic(oauth_client.client_id, "wrong"),
	})
	t.equal(response.status, 401)
	t.equal(response.json().error, "invalid_client")
end)

case("conformance 17: an expired code", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	client:post("/_sandbox/clock", { json = { advance = 601 } })
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(exchange(client, oauth_client, fields).json().error, "invalid_grant")
end)

case("PKCE is checked when it was sent", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local verifier = ("v"):rep(43)
	local challenge = crypto.base64url(crypto.digest("sha256", verifier))
	local more = { { "code_challenge", challenge }, { "code_challenge_method", "S256" } }
	local back = consent(client, authorize_url(oauth_client, "workspace", more), "workspaces/business")
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(exchange(client, oauth_client, fields).json().error, "invalid_grant")
	fields.code_verifier = ("w"):rep(43)
	t.equal(exchange(client, oauth_client, fields).json().error, "invalid_grant")
	fields.code_verifier = verifier
	t.equal(exchange(client, oauth_client, fields).status, 200)
end)

case("a PKCE verifier without a challenge belongs to another flow", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	fields.code_verifier = ("v"):rep(43)
	t.equal(exchange(client, oauth_client, fields).json().error, "invalid_grant")
	fields.code_verifier = nil
	t.equal(exchange(client, oauth_client, fields).status, 200)
end)

case("a plain PKCE challenge is the verifier itself; a weak one is refused", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local verifier = ("v"):rep(43)
	local url = authorize_url(oauth_client, "workspace", { { "code_challenge", verifier } })
	local back = consent(client, url, "workspaces/business")
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	fields.code_verifier = verifier
	t.equal(exchange(client, oauth_client, fields).status, 200)
	for _, weak in ipairs {
		{ { "code_challenge", "short" } },
		{ { "code_challenge", verifier }, { "code_challenge_method", "S512" } },
		{ { "code_challenge_method", "S256" } },
	} do
		local response = client:get(authorize_url(oauth_client, "workspace", weak))
		t.equal(query_of(response.headers.location).error, "invalid_request")
	end
end)

case("a code is for the client it was given to", function(t)
	local client = fresh()
	local oauth_client, other = register(client, "workspace"), register(client, "workspace:read")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(exchange(client, other, fields).json().error, "invalid_request")
	t.equal(exchange(client, oauth_client, fields).status, 200)
end)

case("an install that nobody took the code of does not keep the app out", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local url = authorize_url(oauth_client, "workspace")
	t.truthy(consent(client, url, "workspaces/business").code)
	t.contains(consent(client, url, "workspaces/business").error_description, "install already exists")
	client:post("/_sandbox/clock", { json = { advance = 601 } })
	t.truthy(consent(client, url, "workspaces/business").code)
end)

case("credentials in the form are fine too", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local response = client:post("/oauth2/token", {
		form = {
			grant_type = "authorization_code",
			code = back.code,
			redirect_uri = REDIRECT,
			client_id = oauth_client.client_id,
			client_secret = oauth_client.client_secret,
		},
	})
	t.equal(response.status, 200)
end)

case("credentials are looked for as fosite does: without a client none, without a secret wrong ones", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local good = { grant_type = "authorization_code", code = "x", redirect_uri = REDIRECT }
	for _, authorization in ipairs { "Bearer x", "Basic !!!", "Basic" } do
		local response = client:post("/oauth2/token", { form = good, headers = { authorization = authorization } })
		t.equal(response.status, 400, authorization)
		t.equal(response.json().error, "invalid_request", authorization)
	end
	good.client_id = oauth_client.client_id
	local response = client:post("/oauth2/token", { form = good })
	t.equal(response.status, 401)
	t.equal(response.json().error, "invalid_client")
end)

case("Basic credentials may be form-encoded", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local encoded = basic(oauth_client.client_id:gsub("-", "%%2D"), oauth_client.client_secret)
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(client:post("/oauth2/token", { form = fields, headers = encoded }).status, 200)
end)

case("bad token requests are invalid_request and change nothing", function(t)
	local client = fresh()
	local oauth_client = register(client, "workspace")
	local credentials = basic(oauth_client.client_id, oauth_client.client_secret)
	for _, fields in ipairs { {}, { grant_type = "" }, { grant_type = "client_credentials" }, { code = "x" } } do
		t.equal(client:post("/oauth2/token", { form = fields, headers = credentials }).status, 400)
	end
	t.equal(client:post("/oauth2/token", { form = { grant_type = "authorization_code" } }).status, 400)
	t.equal(client:get("/oauth2/token").status, 400)
	local twice = "grant_type=authorization_code&code=a&code=b"
	local kind = { ["content-type"] = "application/x-www-form-urlencoded", authorization = credentials.authorization }
	t.equal(client:post("/oauth2/token", { body = twice, headers = kind }).status, 400)
end)

case("what the OAuth server does not take is told as fosite tells it, to browsers with a page", function(t)
	local client = fresh()
	local response = client:get("/oauth2/token", { headers = { accept = "text/html" } })
	local answer = response.json()
	t.equal(answer.error, "invalid_request")
	t.contains(answer.error_description, "missing a required parameter")
	t.contains(answer.error_hint, "GET")
	t.equal(response.headers["cache-control"], "no-store")
	t.equal(response.headers.pragma, "no-cache")
	local page = client:put("/oauth2/auth", { headers = { accept = "text/html" } })
	t.equal(page.status, 400)
	t.match(page.headers["content-type"], "^text/html")
	t.contains(page.body, "invalid_request")
	t.equal(client:put("/oauth2/auth").json().error, "invalid_request")
end)

case("conformance 19, 20: a renewal gives a new token and kills the old one", function(t)
	local client = fresh()
	local token, oauth_client = of_destination(client)
	local credentials = basic(oauth_client.client_id, oauth_client.client_secret)
	local renewed = client:get("/v1beta/installs/1/token", { headers = credentials }).json()
	t.truthy(renewed.access_token ~= token.access_token)
	t.equal(renewed.install_name, token.install_name)
	t.equal(renewed.expires_in, 3600)
	local old = client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(token.access_token) })
	t.equal(old.status, 401)
	t.equal(old.json().code, 16)
	t.equal(client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(renewed.access_token) }).status, 404)
end)

case("a look at a token's address renews nothing", function(t)
	local client = fresh()
	local token, oauth_client = of_workspace(client)
	local credentials = basic(oauth_client.client_id, oauth_client.client_secret)
	t.equal(client:head("/v1beta/installs/1/token", { headers = credentials }).status, 404)
	t.equal(client:get("/v1beta/workspaces", { headers = bearer(token.access_token) }).status, 200)
end)

case("a renewal needs the app's own credentials", function(t)
	local client = fresh()
	local token = of_destination(client)
	local other = register(client, "workspace")
	t.equal(client:get("/v1beta/installs/1/token", { headers = bearer(token.access_token) }).status, 401)
	local strangers = basic(other.client_id, other.client_secret)
	t.equal(client:get("/v1beta/installs/1/token", { headers = strangers }).json().code, 5)
	t.equal(client:get("/v1beta/installs/x/token", { headers = strangers }).status, 404)
	t.equal(client:get("/v1beta/installs/1/token", { headers = basic(other.client_id, "wrong") }).status, 401)
end)

case("conformance 21: a token lives an hour", function(t)
	local client = fresh()
	local token = of_destination(client)
	client:post("/_sandbox/clock", { json = { advance = 3601 } })
	local response = client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(token.access_token) })
	t.equal(response.status, 401)
	t.contains(response.json().error, "malformed token")
end)

case("conformance 24: a personal access token", function(t)
	local made = personal_token(fresh()).json()
	t.equal(made.name, "access-tokens/1")
	t.equal(made.scopes, "workspace")
	t.equal(#made.token, 87)
end)

case("bad requests for a personal access token", function(t)
	local client = fresh()
	t.equal(personal_token(client, nil, basic("user@example.com", "wrong")).status, 401)
	local good = { description = "d", scopes = "workspace", workspace_names = { "workspaces/userworkspace" } }
	for field, value in pairs { description = "", scopes = "destination/clearbrain", workspace_names = "x" } do
		local bad = {}
		for name, text in pairs(good) do
			bad[name] = text
		end
		bad[field] = value
		t.equal(personal_token(client, { access_token = bad }).json().code, 3, field)
	end
	good.workspace_names = { "workspaces/nowhere" }
	t.equal(personal_token(client, { access_token = good }).json().code, 5)
end)

case("conformance 25: a body with single quotes, as the README's curl sends it", function(t)
	local body = "{'access_token': {'description': 'partner app', 'scopes': 'workspace', "
		.. "'workspace_names': ['workspaces/userworkspace']}}"
	local headers = basic("user@example.com", "password")
	headers["content-type"] = "application/x-www-form-urlencoded"
	t.equal(fresh():post("/v1beta/access-tokens", { body = body, headers = headers }).status, 200)
end)

local function app_body(more)
	local body = {
		display_name = "Test App",
		description = "d",
		scope = "destination/clearbrain",
		public = true,
		redirect_uris = { REDIRECT },
	}
	for name, value in pairs(more or {}) do
		body[name] = value
	end
	return { app = body }
end

case("conformance 27, 28, 31: apps in both generations, the secret shown once", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local below =
		client:post("/v1beta/workspaces/userworkspace/apps", { json = app_body(), headers = bearer(token) }).json()
	t.match(below.name, "^workspaces/userworkspace/apps/%d+$")
	t.match(below.client_id, "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
	t.equal(#below.client_secret, 12)
	local alone = client:post("/v1beta/apps", { json = app_body(), headers = bearer(token) }).json()
	t.match(alone.name, "^apps/%d+$")
	t.equal(alone.primary_category, "")
	for _, path in ipairs { "/v1beta/workspaces/userworkspace/apps", "/v1beta/apps", "/v1beta/" .. alone.name } do
		local response = client:get(path, { headers = bearer(token) })
		t.equal(response.status, 200)
		t.lacks(response.body, "client_secret")
	end
end)

case("conformance 29: five redirect URIs, not six; and other bad apps", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local uris = {}
	for i = 1, 6 do
		uris[i] = "https://example.com/" .. i
	end
	local function create(more)
		return client:post("/v1beta/apps", { json = app_body(more), headers = bearer(token) })
	end
	t.equal(create({ redirect_uris = uris }).json().code, 3)
	uris[6] = nil
	t.equal(create({ redirect_uris = uris }).status, 200)
	t.equal(create({ redirect_uris = { "/relative" } }).json().code, 3)
	t.equal(create({ redirect_uris = { REDIRECT .. "#fragment" } }).json().code, 3)
	t.equal(create({ scope = "destination/nothing" }).json().code, 3)
	t.equal(create({ display_name = "" }).json().code, 3)
	t.equal(client:patch("/v1beta/apps/1", { json = {}, headers = bearer(token) }).json().code, 12)
end)

case("an app is public when it says so", function(t)
	local client = fresh()
	local token = personal_token(client).json().token
	local function create(public)
		local body = app_body()
		body.app.public = public
		return client:post("/v1beta/apps", { json = body, headers = bearer(token) }).json().public
	end
	t.equal(create(nil), false)
	t.equal(create(json.null), false)
	t.equal(create(false), false)
	t.equal(create(true), true)
end)

case("conformance 32: no token", function(t)
	local response = fresh():get("/v1beta/workspaces")
	t.equal(response.status, 401)
	t.equal(response.json().code, 16)
end)

case("conformance 33: the workspaces of a token", function(t)
	local client = fresh()
	local token = of_workspace(client, "workspace:read")
	local body = client:get("/v1beta/workspaces", { headers = bearer(token.access_token) }).json()
	t.equal(#body.workspaces, 1)
	t.equal(body.workspaces[1].name, "workspaces/business")
	t.equal(body.next_page_token, "")
end)

case("conformance 35, 36, 37: sources", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local body = { source = { name = "workspaces/business/sources/web", catalog_name = "catalog/sources/javascript" } }
	local function create(access_token)
		return client:post("/v1beta/workspaces/business/sources", { json = body, headers = bearer(access_token) })
	end
	local made = create(token.access_token).json()
	t.equal(#made.write_keys, 1)
	t.equal(#made.write_keys[1], 32)
	t.equal(made.library_config.metrics_enabled, false)
	t.equal(create(token.access_token).json().code, 6)
	local reader = of_workspace(client, "workspace:read")
	local refused = create(reader.access_token)
	t.equal(refused.status, 403)
	t.same(refused.json(), { error = "insufficient scope", code = 7 })
end)

case("conformance 39, 40: a destination is created once", function(t)
	local client = fresh()
	local token = of_destination(client)
	local made = create_clearbrain(client, token).json()
	t.equal(made.enabled, true)
	t.equal(made.connection_mode, "CLOUD")
	t.equal(made.config[1].name, CLEARBRAIN .. "/config/apiKey")
	t.equal(made.config[1].value, "abcd1234")
	local again = create_clearbrain(client, token)
	t.equal(again.status, 409)
	t.equal(again.json().code, 6)
	t.contains(again.json().error, "destination already exists")
end)

local function patch(client, token, body)
	return client:patch("/v1beta/" .. CLEARBRAIN, { json = body, headers = bearer(token.access_token) })
end

case("conformance 41, 43, 45: updates do what their mask says", function(t)
	local client = fresh()
	local token = of_destination(client)
	create_clearbrain(client, token, { enabled = false })
	local key = { name = CLEARBRAIN .. "/config/apiKey", value = "efgh5678" }
	local updated = patch(client, token, {
		destination = { enabled = true, connection_mode = "DEVICE", config = { key } },
		update_mask = { paths = { "destination.enabled", "destination.config", "connection_mode" } },
	}).json()
	t.equal(updated.enabled, true)
	t.equal(updated.connection_mode, "DEVICE")
	t.equal(updated.config[1].value, "efgh5678")
	local unmasked = patch(client, token, { destination = { enabled = false } })
	t.equal(unmasked.status, 200)
	t.equal(unmasked.json().enabled, true)
	t.equal(unmasked.json().update_time, updated.update_time)
	local absent = patch(client, token, { destination = {}, update_mask = { paths = { "destination.enabled" } } })
	t.equal(absent.json().enabled, false)
	local unknown = patch(client, token, { destination = {}, update_mask = { paths = { "destination.foo" } } })
	t.equal(unknown.json().code, 3)
end)

case("conformance 44: settings that are not mentioned keep their values", function(t)
	local client = fresh()
	local name = JS .. "/destinations/google-analytics"
	local token = install(client, "destination/google-analytics", JS)
	client:post("/v1beta/" .. JS .. "/destinations", {
		headers = bearer(token.access_token),
		json = {
			destination = {
				name = name,
				enabled = true,
				config = { { name = name .. "/config/trackingId", value = "UA-970334309-1" } },
			},
		},
	})
	local updated = client
		:patch("/v1beta/" .. name, {
			headers = bearer(token.access_token),
			json = {
				destination = { config = { { name = name .. "/config/enableServerIdentify", value = true } } },
				update_mask = { paths = { "destination.config" } },
			},
		})
		.json()
	local values = {}
	for _, setting in ipairs(updated.config) do
		values[setting.name:match("[^/]+$")] = setting.value
	end
	t.equal(values.trackingId, "UA-970334309-1")
	t.equal(values.enableServerIdentify, true)
end)

case("conformance 47, 48: one destination on one source, nothing else", function(t)
	local client = fresh()
	local token = of_destination(client)
	t.equal(client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(token.access_token) }).json().code, 5)
	local other = "/v1beta/" .. JS .. "/destinations/webhooks"
	for _, method in ipairs { "get", "patch", "delete" } do
		local response = client[method](client, other, { headers = bearer(token.access_token), json = {} })
		t.equal(response.status, 403, method)
	end
	t.equal(create_clearbrain(client, token, { name = JS .. "/destinations/webhooks" }).status, 403)
	for _, path in ipairs {
		"/v1beta/workspaces",
		"/v1beta/workspaces/business/sources",
		"/v1beta/" .. JS .. "/destinations",
		"/v1beta/workspaces/userworkspace/sources/javascript/destinations/clearbrain",
	} do
		t.equal(client:get(path, { headers = bearer(token.access_token) }).json().code, 7, path)
	end
end)

case("conformance 49: a destination is off and unspecified unless said", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local made = client
		:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = { destination = { name = JS .. "/destinations/webhooks" } },
		})
		.json()
	t.equal(made.connection_mode, "UNSPECIFIED")
	t.equal(made.enabled, false)
	t.equal(#made.config, 3)
end)

case("conformance 51, 52: values that a setting may not have", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local function create(slug, setting, value)
		local name = JS .. "/destinations/" .. slug
		return client:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = {
				destination = { name = name, config = { { name = name .. "/config/" .. setting, value = value } } },
			},
		})
	end
	local hooks = {}
	for i = 1, 6 do
		hooks[i] = { hook = "https://example.com/" .. i }
	end
	local cases = {
		{ "webhooks", "hooks", hooks },
		{ "webhooks", "hooks", { { headers = {} } } },
		{ "clearbrain", "apiKey", "short" },
		{ "clearbrain", "apiKey", 12345678 },
		{ "clearbrain", "unknown", "x" },
		{ "mixpanel", "persistence", "disk" },
		{ "google-analytics", "sampleRate", 101 },
		{ "google-analytics", "trackingId", "GA-1" },
		{ "google-analytics", "anonymizeIp", "yes" },
		{ "hubspot", "apiKey", "not-a-uuid" },
	}
	for _, one in ipairs(cases) do
		local response = create(one[1], one[2], one[3])
		t.equal(response.status, 400, one[1] .. " " .. one[2])
		t.contains(response.json().error, one[2])
	end
end)

case("a destination is not enabled without its required settings", function(t)
	local client = fresh()
	local token = of_destination(client)
	local response = client:post("/v1beta/" .. JS .. "/destinations", {
		headers = bearer(token.access_token),
		json = { destination = { name = CLEARBRAIN, enabled = true } },
	})
	t.equal(response.status, 400)
	t.contains(response.json().error, "apiKey")
end)

case("conformance 53: the catalog's slugs are Config API slugs", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local function create(slug)
		return client:post("/v1beta/" .. JS .. "/destinations", {
			headers = bearer(token.access_token),
			json = { destination = { name = JS .. "/destinations/" .. slug } },
		})
	end
	t.equal(create("braze").json().code, 5)
	t.equal(create("appboy").status, 200)
	t.equal(create("customer.io").status, 200)
end)

case("conformance 55, 56, 57: the catalog and its pages", function(t)
	local client = fresh()
	local token = of_destination(client)
	local headers = bearer(token.access_token)
	local item = client:get("/v1beta/catalog/destinations/clearbrain", { headers = headers }).json()
	t.equal(item.settings[1].name, "apiKey")
	t.equal(item.settings[1].type, "STRING")
	t.equal(item.settings[1].required, true)
	t.equal(item.settings[1].string_validators.regexp, "^.{8,}$")
	local seen, count, requests, page = {}, 0, 0, ""
	repeat
		local body =
			client:get("/v1beta/catalog/destinations?page_size=5&page_token=" .. page, { headers = headers }).json()
		for _, one in ipairs(body.destinations) do
			t.falsy(seen[one.name])
			seen[one.name] = true
			count = count + 1
		end
		page = body.next_page_token
		requests = requests + 1
	until page == ""
	t.equal(count, 12)
	t.equal(requests, 3)
	for _, query in ipairs { "page_token=garbage", "page_size=0", "page_size=x", "page_size=-1" } do
		t.equal(client:get("/v1beta/catalog/destinations?" .. query, { headers = headers }).json().code, 3, query)
	end
end)

case("conformance 60, 61, 65: bad JSON, no such path, another workspace", function(t)
	local client = fresh()
	local token = of_workspace(client)
	local headers = bearer(token.access_token)
	headers["content-type"] = "application/json"
	for _, body in ipairs { "{", "", "[]", '"x"', "{'a': 'b", ("["):rep(1000) } do
		local response = client:post("/v1beta/" .. JS .. "/destinations", { body = body, headers = headers })
		t.equal(response.status, 400, body)
		t.equal(response.json().code, 3, body)
	end
	t.equal(client:get("/v1beta/nothing", { headers = headers }).json().code, 5)
	t.equal(client:get("/v1beta", { headers = headers }).json().code, 5)
	t.equal(client:put("/v1beta/workspaces", { headers = headers, json = {} }).json().code, 5)
	local other = "/v1beta/workspaces/userworkspace/sources"
	t.equal(client:get(other, { headers = headers }).json().code, 5)
end)

case("requests are recorded, credentials are not", function(t)
	local client = fresh()
	local token = of_destination(client)
	client:get("/v1beta/" .. CLEARBRAIN .. "?x=1", { headers = bearer(token.access_token) })
	client:get("/v1beta/nothing")
	local response = client:get("/_sandbox/requests")
	local body = response.json()
	local last = body.requests[#body.requests]
	t.equal(last.path, "/v1beta/nothing")
	t.equal(body.requests[#body.requests - 1].query, "x=1")
	t.equal(body.counts["POST /oauth2/token"], 1)
	t.lacks(response.body, token.access_token)
	t.lacks(response.body, "password")
end)

case("the control API is for this machine, and reset begins anew", function(t)
	local client = fresh()
	of_destination(client)
	t.equal(testing.client(app, { ip = "192.0.2.1" }):post("/_sandbox/reset").status, 403)
	client:post("/_sandbox/reset")
	t.same(client:get("/_sandbox/requests").json().requests, {})
	t.equal(register(client, "nonsense").error ~= nil, true)
	for _, uris in ipairs { {}, { "nonsense" }, { REDIRECT, {} }, { REDIRECT, 7 } } do
		local bad = client:post("/_sandbox/clients", { json = { scope = "workspace", redirect_uris = uris } })
		t.equal(bad.status, 400)
	end
end)

case("a wrong password keeps the e-mail that was typed", function(t)
	local client = fresh()
	local response = client:post("/login", { form = { email = "user@example.com", password = "<wrong>" } })
	t.equal(response.status, 401)
	t.contains(response.body, 'value="user@example.com"')
	t.lacks(response.body, "<wrong>")
end)
