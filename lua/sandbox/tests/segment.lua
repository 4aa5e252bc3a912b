-- Steps of the sandbox's tests: register an app, consent, get a token, call the Config API.
local app = require "init"
local crypto = require "partnerapp.crypto"
local http = require "partnerapp.http"
local testing = require "partnerapp.testing"

local segment = {}

segment.REDIRECT = "http://localhost:8888/auth/segment/callback"
segment.JS = "workspaces/business/sources/js"
segment.CLEARBRAIN = segment.JS .. "/destinations/clearbrain"

-- A client of the sandbox, which it resets.
function segment.fresh()
	local client = testing.client(app)
	client:post("/_sandbox/reset")
	return client
end

-- The headers of Basic credentials.
function segment.basic(user, password)
	return { authorization = "Basic " .. crypto.base64(user .. ":" .. password) }
end

-- The headers of a token.
function segment.bearer(token)
	return { authorization = "Bearer " .. token }
end

-- Registers an app with the control API: its client_id and client_secret.
function segment.register(client, scope, public)
	local registered = client:post("/_sandbox/clients", {
		json = { scope = scope, redirect_uris = { segment.REDIRECT }, display_name = "Test", public = public },
	})
	return registered.json()
end

-- The address that an app sends the browser to.
function segment.authorize_url(oauth_client, scope, more)
	local fields = {
		{ "client_id", oauth_client.client_id },
		{ "response_type", "code" },
		{ "scope", scope },
		{ "state", ("a"):rep(40) },
		{ "redirect_uri", segment.REDIRECT },
	}
	for _, field in ipairs(more or {}) do
		fields[#fields + 1] = field
	end
	return "/oauth2/auth?" .. http.form(fields)
end

-- The decoded parameters of an address.
function segment.query_of(location)
	local values = {}
	for name, value in location:match("%?(.*)$"):gmatch("([^=&]+)=([^&]*)") do
		values[name] = value:gsub("+", " "):gsub("%%(%x%x)", function(digits)
			return string.char(tonumber(digits, 16))
		end)
	end
	return values
end

-- Logs in: the consent page, nil when the browser is sent to the app at once, and the address of the first redirect.
function segment.consent_page(client, url)
	local location = client:get(url).headers.location
	local challenge = location:match("_challenge=(.*)$")
	if not challenge then
		return nil, location
	end
	client:post("/login", {
		form = { login_challenge = challenge, email = "user@example.com", password = "password" },
	})
	return client:get("/authorize?consent_challenge=" .. challenge), location
end

-- Logs in and consents: the parameters that the browser brings back to the app.
function segment.consent(client, url, choice, decision)
	local page, location = segment.consent_page(client, url)
	if not page then
		return segment.query_of(location)
	end
	local challenge = location:match("_challenge=(.*)$")
	local csrf = page.body:match('name="csrf" value="([^"]*)"')
	local answered = client:post("/authorize", {
		form = { consent_challenge = challenge, csrf = csrf, choice = choice, decision = decision or "allow" },
	})
	return segment.query_of(answered.headers.location)
end

-- Calls the token endpoint with an app's credentials.
function segment.exchange(client, oauth_client, fields)
	return client:post("/oauth2/token", {
		form = fields,
		headers = segment.basic(oauth_client.client_id, oauth_client.client_secret),
	})
end

-- Registers an app and installs it: the response of the token endpoint, the app and the parameters of the callback.
function segment.install(client, scope, choice)
	local oauth_client = segment.register(client, scope)
	local back = segment.consent(client, segment.authorize_url(oauth_client, scope), choice)
	local token = segment
		.exchange(client, oauth_client, {
			grant_type = "authorization_code",
			code = back.code,
			redirect_uri = segment.REDIRECT,
		})
		.json()
	return token, oauth_client, back
end

-- An install of destination/clearbrain on the source js.
function segment.of_destination(client)
	return segment.install(client, "destination/clearbrain", segment.JS)
end

-- An install on the workspace business.
function segment.of_workspace(client, scope)
	return segment.install(client, scope or "workspace", "workspaces/business")
end

-- Creates the destination clearbrain, enabled: the response.
function segment.create_clearbrain(client, token, more)
	local destination = {
		name = segment.CLEARBRAIN,
		connection_mode = "CLOUD",
		enabled = true,
		config = { { name = segment.CLEARBRAIN .. "/config/apiKey", value = "abcd1234" } },
	}
	for name, value in pairs(more or {}) do
		destination[name] = value
	end
	return client:post("/v1beta/" .. segment.JS .. "/destinations", {
		json = { destination = destination },
		headers = segment.bearer(token.access_token),
	})
end

-- Creates a personal access token: the response.
function segment.personal_token(client, body, headers)
	return client:post("/v1beta/access-tokens", {
		headers = headers or segment.basic("user@example.com", "password"),
		json = body or {
			access_token = {
				description = "partner app",
				scopes = "workspace",
				workspace_names = { "workspaces/userworkspace" },
			},
		},
	})
end

-- Calls the Config API: the status, the decoded body and the response.
function segment.call(client, token, method, path, body)
	local response = client:request(method, "/v1beta/" .. path, {
		json = body,
		headers = token and segment.bearer(type(token) == "table" and token.access_token or token),
	})
	return response.status, response.json(), response
end

-- Creates a destination without settings, with the token of a workspace: its name.
function segment.create_destination(client, token, slug, source)
	source = source or segment.JS
	local name = source .. "/destinations/" .. slug
	local status = segment.call(client, token, "POST", source .. "/destinations", { destination = { name = name } })
	assert(status == 200, "no destination " .. slug)
	return name
end

return segment
