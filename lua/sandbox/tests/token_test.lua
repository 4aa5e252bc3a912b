-- The token endpoint and the renewal of tokens. Conformance cases have the numbers of docs/segment.md 8.
local crypto = require "partnerapp.crypto"
local segment = require "tests.segment"
local testing = require "partnerapp.testing"

local case = testing.case
local REDIRECT, JS, CLEARBRAIN, fresh = segment.REDIRECT, segment.JS, segment.CLEARBRAIN, segment.fresh
local basic, bearer, register, authorize_url = segment.basic, segment.bearer, segment.register, segment.authorize_url
local query_of, consent, exchange, of_destination =
	segment.query_of, segment.consent, segment.exchange, segment.of_destination
local of_workspace = segment.of_workspace

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

case("conformance 15: a code used twice revokes the token of the first exchange", function(t)
	local client = fresh()
	local token, oauth_client, back = of_workspace(client)
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	local response = exchange(client, oauth_client, fields)
	t.equal(response.status, 400)
	t.equal(response.json().error, "invalid_grant")
	t.equal(client:get("/v1beta/workspaces", { headers = bearer(token.access_token) }).status, 401)
end)

case("a code used twice revokes the token also when another client sends it", function(t)
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

case("a PKCE challenge is checked at the exchange", function(t)
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

case("only the client that got a code can exchange it", function(t)
	local client = fresh()
	local oauth_client, other = register(client, "workspace"), register(client, "workspace:read")
	local back = consent(client, authorize_url(oauth_client, "workspace"), "workspaces/business")
	local fields = { grant_type = "authorization_code", code = back.code, redirect_uri = REDIRECT }
	t.equal(exchange(client, other, fields).json().error, "invalid_request")
	t.equal(exchange(client, oauth_client, fields).status, 200)
end)

case("credentials can be in the form", function(t)
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

case("as in fosite, a header that is not Basic does not count, and a client_id alone is a wrong secret", function(t)
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

case("Basic credentials can be form-encoded", function(t)
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

case("refusals of the OAuth server have fosite's fields, and are pages for browsers", function(t)
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

case("conformance 19, 20: a renewal makes a new token and revokes the old one", function(t)
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

case("TO-06 a HEAD request does not renew a token", function(t)
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

case("conformance 21: a token expires after an hour", function(t)
	local client = fresh()
	local token = of_destination(client)
	client:post("/_sandbox/clock", { json = { advance = 3601 } })
	local response = client:get("/v1beta/" .. CLEARBRAIN, { headers = bearer(token.access_token) })
	t.equal(response.status, 401)
	t.contains(response.json().error, "malformed token")
end)
