-- The install flow: a redirect to the authorization server, and the callback with all its endings. What a callback has
-- to know of its beginning is sealed in one cookie; nothing is written before a state is claimed.
local clients = require "partnerapp.clients"
local config = require "partnerapp.config"
local cookie = require "partnerapp.cookie"
local crypto = require "native.crypto"
local db = require "native.db"
local http = require "partnerapp.http"
local log = require "native.log"
local sys = require "native.sys"

local oauth = {}

local FLOW_SECONDS = 600
local FLOWS_MAX = 12
local SEAL = "oauth.flow"
local PREFIX = "flow_"

local MIGRATIONS = {
	[[CREATE TABLE pa_claims (state TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
	CREATE INDEX pa_claims_expires ON pa_claims (expires)]],
}

---@class partnerapp.oauth.mount
---@field path string
---@field scope string
---@field client string? the name of the client's settings
---@field installed fun(req: partnerapp.request, install: partnerapp.install): partnerapp.response
---@field redirect_uri string

-- Beginning

local function hash(state)
	return crypto.base64url(crypto.digest("sha256", state))
end

-- The authorize URL up to the state: the same for every flow of a client.
local function authorize_prefix(mount, client)
	if mount.prefix_of ~= client.id then
		mount.prefix_of = client.id
		mount.prefix = ("%s/oauth2/auth?client_id=%s&redirect_uri=%s&response_type=code&scope=%s&code_challenge_method=S256"):format(
			config.segment_id_url,
			http.escape(client.id),
			http.escape(mount.redirect_uri),
			http.escape(mount.scope)
		) .. "&state="
	end
	return mount.prefix
end

local function read_flow(sealed)
	local text = crypto.unseal_text(sealed, SEAL)
	if not text then
		return nil
	end
	local state, verifier, expires, path = text:match("^(%S+) (%S+) (%d+) (%S+)$")
	return state and { state = state, verifier = verifier, expires = tonumber(expires), path = path }
end

-- Cookies of flows that were begun and left: the oldest ones go, so that the header never grows too large (OA-06).
local function drop_oldest(req, response)
	local header = req:header("cookie")
	if not header or select(2, header:gsub(PREFIX, "")) < FLOWS_MAX then
		return
	end
	local flows = {}
	for name, value in pairs(req.cookies) do
		local short = name:match(PREFIX .. "[%w_-]+$")
		if short then
			local flow = read_flow(value)
			flows[#flows + 1] = { name = short, expires = flow and flow.expires or 0 }
		end
	end
	table.sort(flows, function(a, b)
		return a.expires > b.expires
	end)
	for i = FLOWS_MAX, #flows do
		cookie.clear(response, flows[i].name)
	end
end

--- Begins a flow: the redirect with its one cookie. Writes nothing.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response? response, string? message, string? code
function oauth.start(req, mount)
	local client, err, code = clients.find(mount.client, mount.scope, mount.redirect_uri)
	if not client then
		return nil, err, code
	end
	local state, verifier = crypto.token(32), crypto.token(32)
	local expires = math.floor(sys.now()) + FLOW_SECONDS
	local name = hash(state)
	local sealed = crypto.seal_text(name .. " " .. verifier .. " " .. expires .. " " .. mount.path, SEAL)
	local url = authorize_prefix(mount, client) .. state .. "&code_challenge=" .. hash(verifier)
	local response = { status = 302, headers = { location = url, ["cache-control"] = "no-store" } }
	cookie.set(response, PREFIX .. name:sub(1, 22), sealed, { max_age = FLOW_SECONDS })
	drop_oldest(req, response)
	log.write("debug", "install flow begun")
	return response
end

-- Endings: each is a page, or JSON for programs, that says what happened and what to do.

local function ending(req, mount, status, code, title, text, more)
	if req:wants_json() then
		return require("partnerapp.reply").json({ error = code, message = text, request_id = req.id }, status)
	end
	return require("partnerapp.reply").view("oauth", {
		title = title,
		text = text,
		details = more and more.details or {},
		again = mount.path,
		request_id = req.id,
	}, status)
end

local KNOWN_ERRORS = {
	access_denied = "The request to connect was refused at Segment, so nothing was changed.",
	invalid_request = "Segment did not understand the request to connect.",
	invalid_client = "Segment does not know this app.",
	invalid_scope = "The app asked for another scope than the one it is registered with. Its developer has to make the scope "
		.. "in lua/app/init.lua and the app's scope at Segment the same.",
	unauthorized_client = "Segment does not allow this app to connect this way.",
	unsupported_response_type = "Segment does not support the way this app asks to connect.",
	server_error = "Segment had a problem of its own. Try again in a moment.",
	temporarily_unavailable = "Segment is not available right now. Try again in a moment.",
}

local function short(text)
	if #text > 512 then
		text = text:sub(1, 512):gsub("[\x80-\xff]+$", "") .. "…"
	end
	return text
end

-- `install already exists` comes through the browser, so anyone can say it: only an install that this browser made is
-- gone on with.
local function already_installed(req, mount)
	local installs = require "partnerapp.installs"
	for _, id in ipairs(req.session and req.session.data.installs or {}) do
		if installs.find(id) then
			return require("partnerapp.reply").redirect("/installs/" .. id)
		end
	end
	return ending(
		req,
		mount,
		409,
		"already_exists",
		"Already installed",
		"Segment says that this app is already installed on that workspace. If you connected it from another browser, open "
			.. "it there. To connect it anew, remove the app in the workspace's settings at Segment first, or choose another "
			.. "workspace."
	)
end

local function refused(req, mount, params)
	local code = KNOWN_ERRORS[params.error] and params.error or "error"
	local description = params.error_description or ""
	log.write("warn", "install flow refused by the authorization server", { code = code })
	if description:find("install already exists", 1, true) then
		return already_installed(req, mount)
	end
	local details = {}
	for _, name in ipairs { "error", "error_description", "error_hint" } do
		if params[name] then
			details[#details + 1] = { name = name, text = short(params[name]) }
		end
	end
	local title = code == "access_denied" and "Not connected" or "Segment said no"
	local text = KNOWN_ERRORS[code] or "Segment did not connect the app and gave a reason that this app does not know."
	return ending(req, mount, code == "access_denied" and 403 or 400, code, title, text, { details = details })
end

-- The parameters of a callback, each at most once and none empty (OA-08).
local function read_params(req)
	local params = {}
	for _, name in ipairs { "state", "code", "error", "iss", "error_description", "error_hint" } do
		local values = req:all(name)
		local single = name:sub(1, 6) ~= "error_"
		if single and (#values > 1 or values[1] == "") then
			return nil, name
		end
		params[name] = values[1]
	end
	return params
end

local STATE_ENDINGS = {
	missing = { 400, "Something is missing", "This address came without a state, so there is no telling who sent it." },
	wrong = {
		400,
		"Not begun in this browser",
		"This browser did not begin that connection, or it began too long ago and its cookie is gone. Nothing was connected.",
	},
	expired = { 400, "Too late", "That connection was begun more than ten minutes ago. Nothing was connected." },
	used = { 409, "Already used", "This address was opened before, and it works once only." },
	malformed = {
		400,
		"Malformed",
		"A parameter of this address is empty or stands there twice. Nothing was connected.",
	},
	no_code = { 400, "Something is missing", "Segment sent neither a code nor an error. Nothing was connected." },
	other_server = {
		400,
		"Wrong sender",
		"This answer names another authorization server than the one that was asked.",
	},
}

local function state_ending(req, mount, which)
	local how = STATE_ENDINGS[which]
	log.write("warn", "callback refused", { reason = which })
	return ending(req, mount, how[1], "state_" .. which, how[2], how[3])
end

local migrated = false

local function prepare()
	if not migrated then
		local ok, err, code = db.migrate("oauth", MIGRATIONS)
		if not ok then
			return nil, err, code
		end
		migrated = true
	end
	return true
end

-- The flow of a state that this browser began, or why not.
local function find_flow(req, mount, state)
	local name = hash(state)
	local sealed = cookie.get(req, PREFIX .. name:sub(1, 22))
	if not sealed then
		local row = prepare() and db.row("SELECT 1 FROM pa_claims WHERE state = ?", name)
		return nil, row and "used" or "wrong"
	end
	local flow = read_flow(sealed)
	if not flow or not crypto.equal(flow.state, name) or flow.path ~= mount.path then
		return nil, "wrong"
	end
	if flow.expires < sys.now() then
		return nil, "expired"
	end
	return flow
end

-- Whoever inserts the row may go on (OA-02). It needs no wait for the disk: a cookie lives ten minutes.
local function claim(flow)
	local ok, err, code = prepare()
	if not ok then
		return nil, err, code
	end
	ok, err, code = db.exec_soon("INSERT INTO pa_claims (state, expires) VALUES (?, ?)", flow.state, flow.expires)
	if ok and flow.state:byte() % 16 == 0 then
		db.exec_soon("DELETE FROM pa_claims WHERE expires < ?", sys.now())
	end
	return ok, err, code
end

--- Exchanges a code for a token (RFC 6749 4.1.3, RFC 7636 4.5).
---@param client {id: string, secret: string}
---@param code string
---@param redirect_uri string byte for byte the one of the authorize request
---@param verifier string?
---@return table? token checked: see partnerapp.token
---@return string? message, string? code, string? error the OAuth error of the answer
function oauth.exchange(client, code, redirect_uri, verifier)
	local token = require "partnerapp.token"
	local response, err, why = http.post(config.segment_id_url .. "/oauth2/token", {
		form = {
			{ "grant_type", "authorization_code" },
			{ "code", code },
			{ "redirect_uri", redirect_uri },
			verifier and { "code_verifier", verifier } or nil,
		},
		basic = token.basic(client),
		headers = { accept = "application/json" },
		max_bytes = 1048576,
	})
	if not response then
		return nil, err, why
	end
	local body = response.json()
	if response.status == 200 then
		return token.check(body)
	end
	local answered = type(body) == "table" and body or {}
	local description = type(answered.error_description) == "string" and answered.error_description or ""
	local name = type(answered.error) == "string" and answered.error or nil
	if not name then
		return nil, ("the token endpoint answered %d without an OAuth error"):format(response.status), "bad_response"
	end
	return nil, short(name .. (description ~= "" and ": " .. description or "")), "refused", name
end

local function exchange_ending(req, mount, err, code, name)
	log.write("error", "code not exchanged", { error = err, code = code })
	if code == "timeout" then
		return ending(
			req,
			mount,
			504,
			"timeout",
			"Segment is slow",
			"Segment did not answer in time. Nothing was saved."
		)
	elseif code == "refused" and err:find("missing a required parameter", 1, true) then
		local text = "Segment refused the code: the redirect URI has to be exactly one of those that the app is registered "
			.. "with, and the same as when the connection began. This app sent "
			.. mount.redirect_uri
			.. " (PUBLIC_URL decides it)."
		return ending(req, mount, 502, "redirect_uri", "The redirect URI does not match", text)
	elseif code == "refused" and name == "invalid_client" then
		local text =
			"Segment does not accept this app's credentials. Its developer has to check CLIENT_ID and CLIENT_SECRET."
		return ending(req, mount, 502, "invalid_client", "Wrong credentials", text)
	elseif code == "refused" then
		local text = "Segment refused the code: " .. err .. ". A code works once and for ten minutes."
		return ending(req, mount, 502, "code_refused", "The code was refused", text)
	elseif code == "bad_token" or code == "bad_response" or code == "too_large" then
		local text = "Segment's answer made no sense (" .. err .. "). Nothing was saved."
		return ending(req, mount, 502, "bad_response", "A strange answer", text)
	end
	local text = "Segment cannot be reached right now. Nothing was saved. Try again in a moment."
	return ending(req, mount, 502, "unreachable", "Segment cannot be reached", text)
end

local SESSION_INSTALLS = 20

local function remember(req, response, install)
	local ids = { install.id }
	for _, id in ipairs(req.session and req.session.data.installs or {}) do
		if id ~= install.id and #ids < SESSION_INSTALLS then
			ids[#ids + 1] = id
		end
	end
	return require("partnerapp.session").start(req, response, { installs = ids })
end

-- The token is good: save it, then let the app do what an install does. Both endings know the browser from now on.
local function finish(req, mount, client, token)
	local installs = require "partnerapp.installs"
	local reply = require "partnerapp.reply"
	local install, err, code = installs.save(token, {
		client = client,
		name = mount.client,
		scope = mount.scope,
		redirect_uri = mount.redirect_uri,
	})
	if not install then
		log.write("error", "an install could not be saved", { error = err, code = code })
		return ending(
			req,
			mount,
			503,
			"not_saved",
			"Not saved",
			"Segment connected the app, but the install could not be saved: the database does not take it right now."
		)
	end
	log.write("info", "installed", { install = install.name, scope = install.scope or "" })
	local response
	response, err = mount.installed(req, install)
	if not response then
		response = reply.failed(500, err or "The install is saved, but what follows it gave no answer.")
	end
	if response.refused then
		response = require("partnerapp.fault").shape(mount.app, req, response)
	elseif req:wants_json() and response.status >= 300 and response.status < 400 then
		response = reply.json { install = installs.public(install), location = response.headers.location }
	end
	local started, why = remember(req, response, install)
	if not started then
		log.write("error", "no session for an install", { error = why })
	end
	return response
end

local function callback(req, mount)
	local params = read_params(req)
	if not params then
		return state_ending(req, mount, "malformed")
	elseif not params.state then
		return state_ending(req, mount, "missing")
	elseif not params.code and not params.error then
		return state_ending(req, mount, "no_code")
	end
	local flow, why = find_flow(req, mount, params.state)
	if not flow then
		return state_ending(req, mount, why)
	end
	if params.iss and params.iss ~= config.segment_id_url then
		return state_ending(req, mount, "other_server")
	end
	local claimed, err, code = claim(flow)
	if not claimed and code == "constraint" then
		return state_ending(req, mount, "used")
	elseif not claimed then
		log.write("error", "a state could not be claimed", { error = err })
		local text = "The database does not answer. Nothing was connected."
		return ending(req, mount, 503, "database", "Not available right now", text)
	end
	if params.error then
		return refused(req, mount, params), flow
	end
	log.mask(params.code)
	local client, token, name
	client, err, code = clients.find(mount.client, mount.scope, mount.redirect_uri)
	if client then
		token, err, code, name = oauth.exchange(client, params.code, mount.redirect_uri, flow.verifier)
	end
	if not token then
		return exchange_ending(req, mount, err, code, name), flow
	end
	return finish(req, mount, client, token), flow
end

--- Ends a flow: the handler of the callback.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response
function oauth.callback(req, mount)
	local response, flow = callback(req, mount)
	response.headers = response.headers or {}
	response.headers["cache-control"] = "no-store"
	if flow then
		cookie.clear(response, PREFIX .. flow.state:sub(1, 22))
	end
	return response
end

local OPTIONS = { scope = "string", installed = "function", client = "string" }

local function unavailable(req, mount, err, code)
	log.write("error", "an install flow cannot begin", { error = err, scope = mount.scope })
	local title = code == "not_set" and "Not set up yet" or "Not available right now"
	local text = code == "not_set" and err .. ": put them into .env and start again." or err
	return ending(req, mount, code == "not_set" and 500 or 502, code or "error", title, text)
end

--- Mounts a flow on an app: what App:oauth does.
---@param app partnerapp.app
---@param path string
---@param options {scope: string, installed: function, client: string?}
---@return partnerapp.oauth.mount
function oauth.mount(app, path, options)
	for name, value in pairs(options) do
		if type(value) ~= OPTIONS[name] then
			local wanted = OPTIONS[name]
			error(
				wanted and ("oauth: option '%s' must be a %s"):format(name, wanted)
					or ("oauth: unknown option '%s'"):format(tostring(name)),
				3
			)
		end
	end
	if not options.scope or not options.installed then
		error("oauth: a mount needs 'scope' and 'installed'", 3)
	end
	local mount = {
		app = app,
		path = path,
		scope = options.scope,
		client = options.client,
		installed = options.installed,
		redirect_uri = config.public_url .. path .. "/callback",
	}
	app:get(path, function(req)
		local response, err, code = oauth.start(req, mount)
		return response or unavailable(req, mount, err, code)
	end)
	app:get(path .. "/callback", function(req)
		return oauth.callback(req, mount)
	end)
	return mount
end

return oauth
