-- The two routes of an install flow: the redirect to the authorization server, with which a flow begins, and the
-- callback (callback.lua). App:oauth mounts them. A VM that only answers other requests loads no more than this file.
local config = require "partnerapp.config"
local limits = require "partnerapp.limits"
local log = require "partnerapp.log"
local nearest = require "partnerapp.nearest"
local scope = require "partnerapp.oauth.scope"
local scripts = require "native.scripts"

local oauth = {}

local PER_MINUTE = 60 -- for one address, which may be an office full of customers

---@class partnerapp.oauth.mount
---@field app partnerapp.app? shapes what `installed` refuses
---@field path string
---@field scope string
---@field client string? the name of the client's settings
---@field server partnerapp.authorization_server? Segment unless said
---@field pkce boolean
---@field installed fun(req: partnerapp.request, install: partnerapp.install): partnerapp.response?, string?
---@field redirect_uri string

-- What a flow or an app with another server needs is loaded late: most VMs answer neither.
local function servers()
	return require "partnerapp.oauth.authorization_server"
end

local function callback()
	return require "partnerapp.oauth.callback"
end

-- The authorize URL up to the state. It is the same for every flow of a client, as are the origin of the token endpoint
-- and the mark.
local function authorize_prefix(mount, client)
	if mount.prefix_of ~= client then
		local server = mount.server or servers().segment()
		mount.prefix_of = client
		mount.mark = require("partnerapp.installs.belonging").mark(mount.server and server.issuer, client.id)
		mount.prefix = servers().authorize_prefix(server, client, mount.redirect_uri, mount.scope)
		mount.token_origin = servers().token_origin(server)
	end
	return mount.prefix
end

--- Begins a flow: the redirect with its one cookie. Writes nothing.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response? response, string? message, string? code
function oauth.start(req, mount)
	local early = require("partnerapp.oauth.visit").before_start(req)
	if early then
		return early
	end
	local client, err, code =
		require("partnerapp.oauth.clients").find(mount.client, mount.scope, mount.redirect_uri, mount.server)
	if not client then
		return nil, err, code
	end
	local response = { status = 302, headers = { ["cache-control"] = "no-store" } }
	local prefix = authorize_prefix(mount, client)
	local state, challenge = require("partnerapp.oauth.flow").begin(req, response, mount)
	response.headers.location = prefix .. state .. (mount.pkce and "&code_challenge=" .. challenge or "")
	servers().warm(mount.token_origin)
	log.info("install flow begun")
	return response
end

local OPTIONS = { scope = "string", installed = "function", client = "string", server = "table" }
local OPTION_NAMES = { "scope", "installed", "client", "server" }

local function unavailable(req, mount, err, code)
	log.error("an install flow cannot begin", { error = err, scope = mount.scope })
	local which = code == "not_set" and "not_set" or "sandbox"
	return require("partnerapp.oauth.endings").make(
		req,
		mount,
		which,
		{ text = which == "not_set" and err .. ": put them into .env and restart the server." or err }
	)
end

-- Raises with the app's line, however many of the library's functions are in between.
local function wrong(message, ...)
	error(("%s: oauth: %s"):format(scripts.caller(), message:format(...)), 0)
end

local function check_options(path, options)
	if type(options) ~= "table" then
		wrong "a mount needs a table of options"
	end
	for name, value in pairs(options) do
		local wanted = OPTIONS[name]
		if not wanted then
			wrong("unknown option '%s'%s", tostring(name), nearest(tostring(name), OPTION_NAMES))
		elseif type(value) ~= wanted then
			wrong("option '%s' must be a %s", name, wanted)
		end
	end
	if not (options.scope or options.server) or not options.installed then
		wrong "a mount needs 'scope' and 'installed'"
	elseif options.scope and not scope.is(options.scope) then
		wrong("'%s' cannot be a scope", options.scope)
	elseif type(path) ~= "string" or not path:find("^/[%w%-._~/]*[%w%-._~]$") then
		wrong("'%s' cannot be the path of a mount: it must look like '/auth/segment'", tostring(path))
	end
end

local SHARED = "%s is for %s, and %s for %s, with one client: %s would go to both. Give one of them its own: "
	.. 'client = "name"'

-- Where the secret goes. Issuers of one host, such as tenants, are one server.
local function name_of(server)
	return server and servers().token_origin(server) or "Segment"
end

local function is_public(flow)
	return flow.server ~= nil and flow.server.authentication == "none"
end

--- Why a flow cannot be beside others: a client belongs to one authorization server, and its secret to no other. Two
--- flows of a public client, which has no secret, may have two servers.
---@param flows {path: string, client: string?, server: table?}[]
---@param flow {path: string, client: string?, server: table?}
---@return string?
function oauth.shared_client(flows, flow)
	local names = require("partnerapp.oauth.clients").setting_names
	local id, secret = names(flow.client)
	for _, other in ipairs(flows) do
		local public = (is_public(flow) and 1 or 0) + (is_public(other) and 1 or 0)
		local is_same = select(2, names(other.client)) == secret
		if is_same and public < 2 and name_of(other.server) ~= name_of(flow.server) then
			local what = public == 0 and secret or id
			return SHARED:format(other.path, name_of(other.server), flow.path, name_of(flow.server), what)
		end
	end
end

--- Mounts a flow on an app: what App:oauth does.
---@param app partnerapp.app
---@param path string
---@param options {scope: string?, installed: function, client: string?, server: table?}
---@return partnerapp.oauth.mount
function oauth.mount(app, path, options)
	check_options(path, options)
	local server, problem
	if options.server then
		server, problem = servers().define(options.server, options.client)
		if not server then
			wrong("the mount's server: %s", problem)
		end
	end
	problem = oauth.shared_client(app._flows, { path = path, client = options.client, server = server })
	if problem then
		wrong("%s", problem)
	end
	local mount = {
		app = app,
		scope = options.scope or "", -- many servers have no scopes
		client = options.client,
		server = server,
		pkce = not server or server.pkce,
		installed = options.installed,
	}
	-- The path that a browser sees has a prefix in front when another app has mounted this one.
	local origin
	local function place(seen)
		if mount.path ~= seen or origin ~= config.public_url then
			origin = config.public_url
			mount.path, mount.redirect_uri, mount.prefix_of = seen, origin .. seen .. "/callback", nil
		end
	end
	place(path)
	app:get(path, function(req)
		limits.check(req, "begin a flow", PER_MINUTE)
		place(req.path)
		local response, err, code = oauth.start(req, mount)
		return response or unavailable(req, mount, err, code)
	end)
	app:get(path .. "/callback", function(req)
		limits.check(req, "end a flow", PER_MINUTE)
		place(req.path:sub(1, -#"/callback" - 1))
		return callback().answer(req, mount)
	end)
	if server and server.form_post then
		app:post(path .. "/callback", function(req)
			limits.check(req, "send a callback", PER_MINUTE)
			place(req.path:sub(1, -#"/callback" - 1))
			return callback().posted(req, mount)
		end, { csrf = false }) -- it comes from the server's page, and decides nothing
	end
	app._flows[#app._flows + 1] = {
		path = path,
		scope = mount.scope,
		client = mount.client,
		server = server,
		where = scripts.caller(),
	}
	return mount
end

return oauth
