-- The authorization servers of an app: Segment, and those that mounts describe. All requests to them (RFC 6749) are
-- made here, in the same way.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local nearest = require "partnerapp.nearest"

---@class partnerapp.authorization_server
---@field issuer string what `iss` has to be (RFC 9207), and the name of the server in the database
---@field authorize_url string
---@field token_url string
---@field refresh_url string? where tokens are renewed, when not at the token_url
---@field revoke_url string? (RFC 7009)
---@field authentication "basic"|"post"|"none" of the client at those (RFC 6749 2.3.1); "basic" unless said
---@field token_request "form"|"json" how requests of tokens are written; "form" unless said
---@field pkce boolean true unless said
---@field form_post boolean? whether the callback is a POST of the server's page (OAuth 2.0 Form Post Response Mode)
---@field parameters table<string, string>? further parameters of the authorize request
---@field sends_iss boolean? a callback without `iss` is then refused
---@field is_segment boolean

local authorization_server = {}

-- By issuer and name of the client: two clients of one server may authenticate in different ways.
local known = {}

local function key_of(issuer, client)
	return issuer .. "\n" .. (client or "")
end

--- Segment, or in the demo the sandbox.
---@return partnerapp.authorization_server
function authorization_server.segment()
	local origin = config.segment_id_url
	return {
		issuer = origin,
		authorize_url = origin .. "/oauth2/auth",
		token_url = origin .. "/oauth2/token",
		authentication = "basic",
		token_request = "form",
		pkce = true,
		is_segment = true,
	}
end

local OPTIONS = {
	issuer = "string",
	authorize_url = "string",
	token_url = "string",
	refresh_url = "string",
	revoke_url = "string",
	authentication = "string",
	token_request = "string",
	pkce = "boolean",
	form_post = "boolean",
	parameters = "table",
	sends_iss = "boolean",
}

local NAMES = {}
for name in pairs(OPTIONS) do
	NAMES[#NAMES + 1] = name
end
table.sort(NAMES)

local URLS = { "issuer", "authorize_url", "token_url", "refresh_url", "revoke_url" }
local OPTIONAL = { refresh_url = true, revoke_url = true }

local METHODS = { basic = true, post = true, none = true }

-- Parameters that a flow sets itself.
local OURS =
	{ "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method" }

-- What is wrong with a URL of the server, or nil. It must be https, except on this machine (OA-23).
local function url_problem(url)
	local parts, why = http.parse_url(url)
	if not parts then
		return why
	elseif parts.scheme ~= "https" and not config.is_loopback(parts.host) then
		return "must be https"
	elseif parts.fragment then
		return "has a fragment"
	end
end

-- What is wrong with the parameters of a mount's server, or nil.
local function parameters_problem(options)
	local parameters = options.parameters or {}
	for _, name in ipairs(OURS) do
		if parameters[name] then
			return ("the flow sets '%s' itself: take it out of parameters"):format(name)
		end
	end
	for name, value in pairs(parameters) do
		if type(name) ~= "string" then
			return 'parameters must be a table of names and values: { prompt = "consent" }'
		elseif type(value) ~= "string" and type(value) ~= "number" then
			return ("parameters.%s must be a string, not a %s"):format(name, type(value))
		end
	end
	if parameters.response_mode == "form_post" and not options.form_post then
		return "the callback comes as a form then: put form_post = true in place of the parameter response_mode"
	end
end

-- What is wrong with the options of a mount's server, or nil.
local function problem_of(options)
	for name, value in pairs(options) do
		local wanted = OPTIONS[name]
		if not wanted then
			return ("unknown option '%s'%s"):format(tostring(name), nearest(tostring(name), NAMES))
		elseif type(value) ~= wanted then
			return ("option '%s' must be a %s"):format(name, wanted)
		end
	end
	for _, name in ipairs(URLS) do
		local url = options[name]
		if not url and not OPTIONAL[name] then
			return ("it needs '%s'"):format(name)
		end
		local problem = url and url_problem(url)
		if problem then
			return ("%s %s: %s"):format(name, url, problem)
		end
	end
	if options.authentication and not METHODS[options.authentication] then
		return "authentication must be basic, post or none"
	elseif options.token_request and options.token_request ~= "form" and options.token_request ~= "json" then
		return "token_request must be form or json"
	elseif options.authentication == "none" and options.pkce == false then
		return "a client without a secret needs PKCE: take pkce = false out, or authenticate with basic or post"
	end
	return parameters_problem(options)
end

--- Defines another authorization server than Segment's, so that its tokens can be renewed.
---@param options table the fields of a server without is_segment
---@param client string? the name of the client's settings
---@return partnerapp.authorization_server? server, string? problem
function authorization_server.define(options, client)
	local problem = problem_of(options)
	if problem then
		return nil, problem
	end
	local server = { authentication = "basic", token_request = "form", pkce = true, is_segment = false }
	for name, value in pairs(options) do
		server[name] = value
	end
	known[key_of(server.issuer, client)] = server
	return server
end

--- The server of an install.
---@param issuer string? nil is Segment
---@param client string? the name of the client's settings
---@return partnerapp.authorization_server? server, string? message, string? code
function authorization_server.find(issuer, client)
	if not issuer then
		return authorization_server.segment()
	end
	local server = known[key_of(issuer, client)]
	if not server then
		return nil, ("no script of the app names the authorization server %s any more"):format(issuer), "not_set"
	end
	return server
end

--- The authorize URL of a client, up to the value of its state.
---@param server partnerapp.authorization_server
---@param client {id: string}
---@param redirect_uri string
---@param scope string
---@return string
function authorization_server.authorize_prefix(server, client, redirect_uri, scope)
	local url = server.authorize_url
	url = url
		.. (url:find("?", 1, true) and "&" or "?")
		.. (server.pkce and "response_type=code&code_challenge_method=S256&client_id=" or "response_type=code&client_id=")
		.. http.escape(client.id)
		.. "&redirect_uri="
		.. http.escape(redirect_uri)
		.. (scope ~= "" and "&scope=" .. http.escape(scope) or "")
	if server.form_post and not (server.parameters and server.parameters.response_mode) then
		url = url .. "&response_mode=form_post"
	end
	if server.parameters then
		url = url .. "&" .. http.form(server.parameters)
	end
	return url .. "&state="
end

--- Has a connection to the token endpoint made, while the customer is at the server's consent page.
---@param origin string of the endpoint
function authorization_server.warm(origin)
	local warm = http.transport.warm
	if warm then -- not in a network of tests
		warm(origin)
	end
end

--- The origin of the server's token endpoint.
---@param server partnerapp.authorization_server
---@return string
function authorization_server.token_origin(server)
	return http.parse_url(server.token_url).origin
end

-- Sends fields to an endpoint that authenticates the client.
local function post(server, url, client, fields)
	local options = { headers = { accept = "application/json" }, max_bytes = 1048576 }
	if server.authentication == "basic" then
		options.basic = require("partnerapp.oauth.token_answer").basic(client)
	else
		fields[#fields + 1] = { "client_id", client.id }
		fields[#fields + 1] = server.authentication == "post" and { "client_secret", client.secret } or nil
	end
	if server.token_request == "json" and url ~= server.revoke_url then
		options.json = {}
		for _, pair in ipairs(fields) do
			options.json[pair[1]] = pair[2]
		end
	else
		options.form = fields
	end
	return http.post(url, options)
end

--- Sends a request to the token endpoint (RFC 6749 4.1.3, 6).
---@param server partnerapp.authorization_server
---@param client {id: string, secret: string}
---@param fields string[][] pairs of the form
---@param url string? another endpoint of the server
---@return partnerapp.token? token
---@return string? message
---@return string? code "refused" with an OAuth error, "unavailable" (5xx, 429), "connection_lost", or of native.http
---@return partnerapp.token_error? said the OAuth error
---@return string? retry_after the header
function authorization_server.ask(server, client, fields, url)
	local response, err, code = post(server, url or server.token_url, client, fields)
	if not response then
		return nil, err, code == "bad_response" and "connection_lost" or code
	end
	local token_answer = require "partnerapp.oauth.token_answer"
	local wait = response.headers["retry-after"]
	if response.status >= 200 and response.status < 300 then
		local token, said
		token, err, code, said = token_answer.read(response, not server.is_segment)
		return token, err, code, said, wait
	end
	local said = require("partnerapp.oauth.token_error").find(token_answer.decode(response), response.status)
	if said then
		return nil, said.text, said.is_down and "unavailable" or "refused", said, wait
	end
	local down = response.status >= 500 or response.status == 429
	err = ("the token endpoint answered %d%s"):format(response.status, down and "" or " without an OAuth error")
	return nil, err, down and "unavailable" or "bad_response", nil, wait
end

--- Renews a token with its refresh token (RFC 6749 6).
---@param server partnerapp.authorization_server
---@param client {id: string, secret: string}
---@param refresh_token string
---@return partnerapp.token? token, string? message
---@return string? code "permanent" when another attempt cannot succeed
---@return string? retry_after
function authorization_server.refresh(server, client, refresh_token)
	local token, err, code, said, wait = authorization_server.ask(
		server,
		client,
		{ { "grant_type", "refresh_token" }, { "refresh_token", refresh_token } },
		server.refresh_url
	)
	if token then
		return token
	end
	return nil, err, said and said.is_final and not said.is_down and "permanent" or code, wait
end

--- Revokes a token (RFC 7009), where the server has an endpoint for it.
---@param server partnerapp.authorization_server
---@param client {id: string, secret: string}
---@param token string
---@return boolean? revoked false when there is no such endpoint
---@return string? message, string? code
function authorization_server.revoke(server, client, token)
	if not server.revoke_url then
		return false
	end
	local response, err, code = post(server, server.revoke_url, client, { { "token", token } })
	if not response then
		return nil, err, code
	elseif response.status < 200 or response.status > 299 then
		return nil, ("the revocation endpoint answered %d"):format(response.status), "bad_response"
	end
	return true
end

return authorization_server
