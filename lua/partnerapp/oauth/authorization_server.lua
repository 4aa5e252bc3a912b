-- The authorization servers of an app: Segment, and those that mounts describe. All requests to them (RFC 6749) are
-- made here, in the same way.
local config = require "partnerapp.config"
local http = require "partnerapp.http"
local short = require "partnerapp.short"

---@class partnerapp.authorization_server
---@field issuer string what `iss` has to be (RFC 9207), and the name of the server in the database
---@field authorize_url string
---@field token_url string
---@field revoke_url string? (RFC 7009)
---@field authentication "basic"|"post"|"none" of the client at those (RFC 6749 2.3.1); "basic" unless said
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
		is_segment = true,
	}
end

local OPTIONS = {
	issuer = "string",
	authorize_url = "string",
	token_url = "string",
	revoke_url = "string",
	authentication = "string",
	parameters = "table",
	sends_iss = "boolean",
}

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

-- What is wrong with the options of a mount's server, or nil.
local function problem_of(options)
	for name, value in pairs(options) do
		local wanted = OPTIONS[name]
		if not wanted then
			return ("unknown option '%s'"):format(tostring(name))
		elseif type(value) ~= wanted then
			return ("option '%s' must be a %s"):format(name, wanted)
		end
	end
	for _, name in ipairs { "issuer", "authorize_url", "token_url", "revoke_url" } do
		local url = options[name]
		if not url and name ~= "revoke_url" then
			return ("it needs '%s'"):format(name)
		end
		local problem = url and url_problem(url)
		if problem then
			return ("%s %s: %s"):format(name, url, problem)
		end
	end
	if options.authentication and not METHODS[options.authentication] then
		return "authentication must be basic, post or none"
	end
	for _, name in ipairs(OURS) do
		if options.parameters and options.parameters[name] then
			return ("the flow sets '%s' itself: take it out of parameters"):format(name)
		end
	end
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
	local server = { authentication = "basic", is_segment = false }
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
		.. "response_type=code&code_challenge_method=S256&client_id="
		.. http.escape(client.id)
		.. "&redirect_uri="
		.. http.escape(redirect_uri)
		.. "&scope="
		.. http.escape(scope)
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

-- Sends a form to an endpoint that authenticates the client.
local function post(server, url, client, fields)
	local options = { headers = { accept = "application/json" }, max_bytes = 1048576 }
	if server.authentication == "basic" then
		options.basic = require("partnerapp.oauth.token_answer").basic(client)
	else
		fields[#fields + 1] = { "client_id", client.id }
		fields[#fields + 1] = server.authentication == "post" and { "client_secret", client.secret } or nil
	end
	options.form = fields
	return http.post(url, options)
end

--- Sends a form to the token endpoint (RFC 6749 4.1.3, 6).
---@param server partnerapp.authorization_server
---@param client {id: string, secret: string}
---@param fields string[][] pairs of the form
---@return partnerapp.token? token
---@return string? message
---@return string? code "refused" with an OAuth error, "unavailable" (5xx, 429), "connection_lost", or of native.http
---@return string? error the OAuth error
---@return string? retry_after the header
function authorization_server.ask(server, client, fields)
	local response, err, code = post(server, server.token_url, client, fields)
	if not response then
		return nil, err, code == "bad_response" and "connection_lost" or code
	elseif response.status == 200 then
		return require("partnerapp.oauth.token_answer").read(response)
	end
	local answer, wait = response.json(), response.headers["retry-after"]
	local name = type(answer) == "table" and type(answer.error) == "string" and answer.error or nil
	local down = response.status >= 500 or response.status == 429
	if not name then
		local text = down and "" or " without an OAuth error"
		err = ("the token endpoint answered %d%s"):format(response.status, text)
		return nil, err, down and "unavailable" or "bad_response", nil, wait
	end
	local description = type(answer.error_description) == "string" and ": " .. answer.error_description or ""
	return nil, short(name .. description), down and "unavailable" or "refused", name, wait
end

-- Errors that every further attempt would get too (RFC 6749 5.2).
local PERMANENT = { invalid_grant = true, invalid_client = true, unauthorized_client = true, invalid_scope = true }

--- Renews a token with its refresh token (RFC 6749 6).
---@param server partnerapp.authorization_server
---@param client {id: string, secret: string}
---@param refresh_token string
---@return partnerapp.token? token, string? message
---@return string? code "permanent" when another attempt cannot succeed
---@return string? retry_after
function authorization_server.refresh(server, client, refresh_token)
	local token, err, code, name, wait = authorization_server.ask(
		server,
		client,
		{ { "grant_type", "refresh_token" }, { "refresh_token", refresh_token } }
	)
	if token then
		return token
	end
	return nil, err, PERMANENT[name] and "permanent" or code, wait
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
	elseif response.status ~= 200 then
		return nil, ("the revocation endpoint answered %d"):format(response.status), "bad_response"
	end
	return true
end

return authorization_server
