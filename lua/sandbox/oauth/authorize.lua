-- GET /oauth2/auth: checks a request in fosite's order, then sends the browser to the login or the consent page.
local assumptions = require "assumptions"
local clients = require "oauth.clients"
local db = require "partnerapp.db"
local errors = require "oauth.errors"
local grants = require "oauth.grants"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local redirect_uris = require "oauth.redirect_uris"
local reply = require "partnerapp.reply"
local settings = require "settings"
local store = require "store"
local user = require "oauth.user"

local CHALLENGE_SECONDS = 1800

-- The redirect_uri that the response goes to, or nil when the client has not registered it.
local function redirect_uri(client, given)
	if not given and #client.redirect_uris == 1 then
		return client.redirect_uris[1]
	end
	for _, uri in ipairs(client.redirect_uris) do
		if uri == given then
			return uri
		end
	end
end

local function pkce_problem(query)
	local challenge, method = query.code_challenge, query.code_challenge_method or "plain"
	if not challenge then
		return query.code_challenge_method and "code_challenge is missing" or nil
	elseif method ~= "S256" and method ~= "plain" then
		return "code_challenge_method must be S256 or plain"
	elseif #challenge < 43 or #challenge > 128 or challenge:find("[^%w._~-]") then
		return "code_challenge must have 43 to 128 unreserved characters"
	end
end

local function response_type_hint(given)
	return given and ('The client is not allowed to request response_type "%s".'):format(given)
		or "The request is missing the response_type parameter."
end

-- The OAuth error of a request whose client and redirect_uri are known: name, description, hint.
local function problem(client, uri, query)
	if not redirect_uris.is_secure(uri, settings.strict) then
		return "invalid_request",
			errors.malformed,
			"Redirect URL is using an insecure protocol, http is only allowed for hosts with suffix `localhost`"
	elseif query.response_type ~= "code" then
		return "unsupported_response_type",
			"The authorization server does not support obtaining a token using this method",
			response_type_hint(query.response_type)
	elseif query.scope ~= client.scope then
		return "invalid_scope",
			"The requested scope is invalid, unknown, or malformed",
			('The OAuth 2.0 Client is not allowed to request scope "%s".'):format(query.scope or "")
	elseif settings.strict and #(query.state or "") < assumptions.state_min then
		return "invalid_state",
			"The state is missing or does not have enough characters and is therefore considered too weak",
			("Request parameter `state` must be at least be %d characters long."):format(assumptions.state_min)
	end
	local pkce = pkce_problem(query)
	if pkce then
		return "invalid_request", errors.malformed, pkce
	end
end

local NAMES =
	{ "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method" }

local function parameter_given_twice(req)
	for _, name in ipairs(NAMES) do
		if req.query[name] and #req:all(name) > 1 then
			return name
		end
	end
end

-- Stores a request until the browser comes back with the user's answer. Returns the id of the request.
local function keep(asked)
	local id, now = partnerapp.random(24), store.now()
	assert(db.exec_soon("DELETE FROM challenges WHERE expires < ?", now))
	assert(
		db.exec_soon(
			"INSERT INTO challenges (id, params, expires) VALUES (?, ?, ?)",
			id,
			store.encode(asked),
			now + CHALLENGE_SECONDS * 1000
		)
	)
	return id
end

local function authorize(req)
	local twice = parameter_given_twice(req)
	if twice then
		return errors.page_or_json(
			req,
			400,
			"invalid_request",
			errors.malformed,
			"The parameter " .. twice .. " was sent twice."
		)
	end
	local query = req.query
	local client = query.client_id and clients.find(query.client_id)
	if not client then
		return errors.page_or_json(
			req,
			401,
			"invalid_client",
			errors.bad_client,
			"The requested OAuth 2.0 Client does not exist."
		)
	end
	local uri = redirect_uri(client, query.redirect_uri)
	if not uri then
		return errors.page_or_json(
			req,
			400,
			"invalid_request",
			errors.malformed,
			'The "redirect_uri" parameter does not match any of the OAuth 2.0 Client\'s pre-registered redirect urls.'
		)
	end
	local asked = {
		client_id = client.client_id,
		redirect_uri = uri,
		state = query.state,
		code_challenge = query.code_challenge,
		code_challenge_method = query.code_challenge and (query.code_challenge_method or "plain"),
	}
	local name, description, hint = problem(client, uri, query)
	if name then
		return grants.refuse(asked, name, description, hint)
	end
	if settings.auto_consent and req:is_prefetch() and req.method ~= "HEAD" then
		return reply.failed(503, "This address installs an app: it cannot be loaded ahead of a visit.", "prefetch")
	elseif settings.auto_consent and req.method ~= "HEAD" then
		return grants.allow(asked, client, grants.choices(client)[1])
	end
	local address = user.of(req) and "/authorize?consent_challenge=" or "/login?login_challenge="
	return reply.redirect(address .. http.escape(keep(asked)), 302)
end

return function(app)
	app:get("/oauth2/auth", authorize)
end
