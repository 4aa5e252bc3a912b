-- The callback of an install flow, with all its endings (see endings.lua). Loaded when a VM's first callback comes.
local belonging = require "partnerapp.installs.belonging"
local clients = require "partnerapp.oauth.clients"
local config = require "partnerapp.config"
local flow = require "partnerapp.oauth.flow"
local log = require "partnerapp.log"
local mask = require("native.log").mask
local refusal = require "partnerapp.web.refusal"
local servers = require "partnerapp.oauth.authorization_server"
local visit = require "partnerapp.oauth.visit"

local callback = {}

-- Loaded late: a callback that succeeds ends in the app's own response.
local function ending(...)
	return require("partnerapp.oauth.endings").make(...)
end

local function server_of(mount)
	return mount.server or servers.segment()
end

local function mark_of(mount, client)
	return belonging.mark(mount.server and mount.server.issuer, client.id)
end

-- The parameters of a callback. Those that decide something must be there once and not be empty (OA-08).
local function read_params(req)
	local params = {}
	for _, name in ipairs { "state", "code", "error", "iss" } do
		local values = req:all(name)
		if #values > 1 or values[1] == "" then
			return nil
		end
		params[name] = values[1]
	end
	params.error_description = req:all("error_description")[1]
	params.error_hint = req:all("error_hint")[1]
	return params
end

-- Links to installs, the newest of each source only: Segment installs an app once, so an older one is dead there. Also
-- the installs that they lead to.
local function links_to(list)
	local links, kept, seen = {}, {}, {}
	for _, install in ipairs(list) do
		local text = install.source or install.workspace or install.name
		if not seen[text] then
			seen[text] = true
			links[#links + 1] = { href = "/installs/" .. install.id, text = text }
			kept[#kept + 1] = install
		end
	end
	return links, kept
end

-- A reload or the back button opens a callback again: the page then links to what this browser connected.
local function callback_refused(req, mount, name)
	local links = {}
	if name == "state_used" then
		links = links_to(require("partnerapp.installs").owned(req))
	end
	local response = ending(req, mount, name, { links = links })
	refusal.log(req, response.status, name, "install flow refused")
	return response
end

-- `install already exists` comes through the browser and names no workspace, so it can be forged: the flow goes on only
-- with an install that this browser made with this client.
local function already_installed(req, mount, found)
	local installs = require "partnerapp.installs"
	local client = clients.find(mount.client, found.scope, mount.redirect_uri, mount.server)
	local own = {}
	for _, install in ipairs(installs.owned(req)) do
		if client and install.client_id == client.id and belonging.check(install) then
			own[#own + 1] = install
		end
	end
	local links, different = links_to(own)
	if #different == 1 then
		return callback.go_on(req, mount, different[1])
	end
	return ending(req, mount, "already_exists", { links = links })
end

local REFUSED_THERE = "install flow refused by the authorization server"

local function refused(req, mount, params, found)
	local name = require("partnerapp.oauth.endings").of_error(params.error)
	local exists = server_of(mount).is_segment and "install already exists"
	if exists and (params.error_description or ""):find(exists, 1, true) then
		refusal.log(req, 409, "already_exists", REFUSED_THERE)
		return already_installed(req, mount, found)
	end
	local said = {}
	for _, param in ipairs { "error", "error_description", "error_hint" } do
		said[#said + 1] = params[param] and { name = param, text = params[param] }
	end
	local response = ending(req, mount, name, { said = said })
	refusal.log(req, response.status, name, REFUSED_THERE)
	return response
end

-- The flow of a callback, with its state claimed; or nil and the name of the ending.
local function claim(req, mount, params)
	if not params then
		return nil, "malformed"
	elseif not params.state then
		return nil, "state_missing"
	elseif not params.code and not params.error then
		return nil, "no_code"
	end
	local found, why = flow.find(req, mount.path, params.state)
	if not found then
		return nil, "state_" .. why
	end
	local server = server_of(mount)
	if params.iss and params.iss ~= server.issuer or server.sends_iss and not params.iss then
		return nil, "other_server"
	end
	local claimed, err, code = flow.claim(found)
	if not claimed and code == "constraint" then
		return nil, "state_used"
	elseif not claimed then
		log.error("install flow: a state could not be claimed", { error = err })
		return nil, "database"
	end
	return found
end

--- The first half of a callback: checks its parameters, finds the flow that this browser began and claims its state.
--- The flow has a code to exchange; for any other ending there is a response to send.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.flow? flow, partnerapp.response? response
function callback.receive(req, mount)
	local early = visit.before_callback(req)
	if early then
		return nil, early
	end
	local params = read_params(req)
	local found, why = claim(req, mount, params)
	if not found then
		return nil, callback_refused(req, mount, why)
	end
	if params.error then
		return nil, flow.forget(refused(req, mount, params, found), found)
	end
	mask(params.code)
	found.code = params.code
	return found
end

--- Exchanges a code for a token (RFC 6749 4.1.3, RFC 7636 4.5).
---@param client {id: string, secret: string}
---@param code string
---@param redirect_uri string byte for byte the one of the authorize request
---@param verifier string?
---@param server partnerapp.authorization_server? Segment unless said
---@return table? token checked: see partnerapp.token
---@return string? message, string? code, partnerapp.token_error? said the OAuth error of the answer
function callback.exchange(client, code, redirect_uri, verifier, server)
	return servers.ask(server or servers.segment(), client, {
		{ "grant_type", "authorization_code" },
		{ "code", code },
		{ "redirect_uri", redirect_uri },
		verifier and { "code_verifier", verifier } or nil,
	})
end

local EXCHANGE_ENDINGS = {
	timeout = "timeout",
	unavailable = "unavailable",
	bad_token = "bad_response",
	bad_response = "bad_response",
	bad_json = "bad_response",
	connection_lost = "connection_lost",
	busy = "busy",
	cancelled = "busy",
	too_large = "bad_response",
	not_set = "not_set",
	sandbox = "sandbox",
}

local function not_exchanged(req, mount, err, code, said)
	local name = said and said.name
	log.error("install flow: the code was not exchanged", { error = err, code = code })
	if code ~= "refused" then
		local which = EXCHANGE_ENDINGS[code] or "unreachable"
		local more = (which == "bad_response" or which == "unavailable" or which == "connection_lost")
			and { said = { { name = "problem", text = err } }, caption = "What was wrong" }
		return ending(req, mount, which, more or nil)
	elseif name == "redirect_uri_mismatch" or err:find("missing a required parameter", 1, true) then
		local sent = { { name = "redirect_uri", text = mount.redirect_uri } }
		return ending(req, mount, "redirect_uri", { said = sent, caption = "What was sent" })
	elseif name == "invalid_client" then
		return ending(req, mount, "invalid_credentials")
	end
	return ending(req, mount, "code_refused", { said = { { name = "error", text = err } } })
end

-- Calls the app's `installed`. What it raises becomes a response here, so that the browser still gets its session.
local function installed(req, mount, install)
	local raised = require "partnerapp.web.raised"
	local ok, response, err = raised.call(function()
		local response, err = mount.installed(req, install)
		if response or response == false and err == nil then
			require("partnerapp.web.returned").check(mount.installed, "installed of " .. mount.path, response)
		end
		return response, err
	end)
	if not ok then
		return require("partnerapp.web.fault").respond(mount.app, req, response, err)
	elseif response then
		return response.refused and require("partnerapp.web.fault").shape(mount.app, req, response) or response
	elseif err == nil then
		return ending(req, mount, "connected")
	end
	err = raised.shown(err)
	log.error("install flow: what follows an install failed", { error = err, install = install.name })
	local text = config.development and "The install is saved, but what follows it failed: " .. err or nil
	return ending(req, mount, "not_finished", { text = text })
end

--- Goes on with an install that is saved: the app's response, or JSON for a client that prefers JSON.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@param install partnerapp.install
---@return partnerapp.response
function callback.go_on(req, mount, install)
	local response = installed(req, mount, install)
	response.headers = response.headers or {}
	local is_page = response.status == 200 and tostring(response.headers["content-type"]):find("^text/html")
	if req:wants_json() and (is_page or response.status >= 300 and response.status < 400) then
		return require("partnerapp.reply").json {
			install = require("partnerapp.installs").public(install),
			location = response.headers.location,
		}
	end
	return response
end

-- Saves the install of a good token, and calls the app. This browser owns the install also when the app fails.
local function finish(req, mount, found, client, token)
	local installs = require "partnerapp.installs"
	local install, err, code = installs.save(token, {
		client = client,
		name = mount.client,
		server = mount.server and mount.server.issuer,
		scope = found.scope,
		redirect_uri = mount.redirect_uri,
	})
	if not install then
		log.error("install flow: an install could not be saved", { error = err, code = code })
		return ending(req, mount, "not_saved")
	end
	log.info("installed", { install = install.name, scope = install.scope })
	local response = callback.go_on(req, mount, install)
	local ok, why = installs.remember(req, response, install)
	if not ok then
		log.error("no session for an install", { error = why })
	end
	return response
end

local function answer(req, mount)
	local found, response = callback.receive(req, mount)
	if not found then
		return response
	end
	local client, err, code = clients.find(mount.client, found.scope, mount.redirect_uri, mount.server)
	local token, said
	if client and found.mark ~= mark_of(mount, client) then -- the code is another server's, or for another client
		return flow.forget(callback_refused(req, mount, "other_client"), found)
	elseif client then
		local verifier = mount.pkce and found.verifier or nil
		token, err, code, said = callback.exchange(client, found.code, mount.redirect_uri, verifier, mount.server)
	end
	response = token and finish(req, mount, found, client, token) or not_exchanged(req, mount, err, code, said)
	return flow.forget(response, found)
end

--- Ends a flow: the handler of the callback.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response
function callback.answer(req, mount)
	local response = answer(req, mount)
	response.headers = response.headers or {}
	response.headers["cache-control"] = "no-store"
	return response
end

--- Leads a callback that is a form of the server's page to the GET callback.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response
function callback.posted(req, mount)
	local params = read_params(req)
	local query = params and require("partnerapp.oauth.form_post").query(params)
	if not query then
		return callback_refused(req, mount, "malformed")
	end
	mask(params.code or "")
	local headers = { location = mount.path .. "/callback?" .. query, ["cache-control"] = "no-store" }
	return { status = 303, headers = headers }
end

return callback
