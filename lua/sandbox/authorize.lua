-- GET /oauth2/auth: checks a request for consent in fosite's order and sends the browser to log in or to consent.
local assumptions = require "assumptions"
local clients = require "clients"
local clock = require "partnerapp.clock"
local grants = require "grants"
local db = require "partnerapp.db"
local errors = require "errors"
local http = require "partnerapp.http"
local partnerapp = require "partnerapp"
local reply = require "partnerapp.reply"
local store = require "store"

local CHALLENGE_SECONDS = 1800

local function contains(list, value)
	for _, one in ipairs(list) do
		if one == value then
			return true
		end
	end
	return false
end

-- The redirect_uri to answer to, or nil when there is none that may be answered to.
local function redirect_uri(client, given)
	if not given and #client.redirect_uris == 1 then
		return client.redirect_uris[1]
	end
	return given and contains(client.redirect_uris, given) and not given:find("#", 1, true) and given or nil
end

local function is_secure(uri)
	local host = uri:match("^http://(%[[^%]]+%])") or uri:match("^http://([^:/?]+)")
	return not host or host == "localhost" or host:find("%.localhost$") ~= nil or host == "127.0.0.1" or host == "[::1]"
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

-- The OAuth error of a request whose client and redirect_uri are known: name, description, hint.
local function problem(app, client, uri, query)
	if not is_secure(uri) then
		return "invalid_request",
			"The request is missing a required parameter, includes an invalid parameter value, or is otherwise malformed",
			"Redirect URL is using an insecure protocol, http is only allowed for hosts with suffix `localhost`"
	elseif query.response_type ~= "code" then
		return "unsupported_response_type",
			"The authorization server does not support obtaining a token using this method",
			query.response_type and ('The client is not allowed to request response_type "%s".'):format(
				query.response_type
			) or "The request is missing the response_type parameter."
	elseif query.scope ~= client.scope then
		return "invalid_scope",
			"The requested scope is invalid, unknown, or malformed",
			('The OAuth 2.0 Client is not allowed to request scope "%s".'):format(query.scope or "")
	elseif app.env.SANDBOX_STRICT ~= "" and #(query.state or "") < assumptions.A1_state_min_strict then
		return "invalid_state",
			"The state is missing or does not have enough characters and is therefore considered too weak",
			"Request parameter `state` must be at least be 8 characters long."
	end
	local pkce = pkce_problem(query)
	if pkce then
		return "invalid_request",
			"The request is missing a required parameter, includes an invalid parameter value, or is otherwise malformed",
			pkce
	end
end

local NAMES =
	{ "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method" }

return function(app)
	app:get("/oauth2/auth", function(req)
		for _, name in ipairs(NAMES) do
			if #req:all(name) > 1 then
				return errors.oauth_page(req, 400, "invalid_request", "The parameter " .. name .. " stands there twice")
			end
		end
		local query = req.query
		local client = query.client_id and clients.find(query.client_id)
		if not client then
			return errors.oauth_page(
				req,
				401,
				"invalid_client",
				"Client authentication failed (e.g., unknown client, no client authentication included)",
				"The requested OAuth 2.0 Client does not exist."
			)
		end
		local uri = redirect_uri(client, query.redirect_uri)
		if not uri then
			return errors.oauth_page(
				req,
				400,
				"invalid_request",
				"The request is missing a required parameter, includes an invalid parameter value, or is otherwise malformed",
				'The "redirect_uri" parameter does not match any of the OAuth 2.0 Client\'s pre-registered redirect urls.'
			)
		end
		local asked = {
			client_id = client.client_id,
			redirect_uri = uri,
			sent_redirect_uri = query.redirect_uri,
			scope = client.scope,
			state = query.state,
			code_challenge = query.code_challenge,
			code_challenge_method = query.code_challenge and (query.code_challenge_method or "plain"),
		}
		local name, description, hint = problem(app, client, uri, query)
		if name then
			return grants.refuse(asked, name, description, hint)
		end
		if app.env.SANDBOX_AUTO_CONSENT == "1" then
			return grants.allow(asked, client, grants.choices(client)[1])
		end
		local id = partnerapp.random(24)
		assert(
			db.exec_soon(
				"INSERT INTO challenges (id, params, expires) VALUES (?, ?, ?)",
				id,
				store.encode(asked),
				clock.now() + CHALLENGE_SECONDS
			)
		)
		local user = req.session and req.session.data.user
		local page = user and "/authorize?consent_challenge=" or "/login?login_challenge="
		return reply.redirect(page .. http.escape(id), 302)
	end)
end
