-- The two routes of an install flow: the redirect to the authorization server, and the callback (callback.lua).
-- App:oauth mounts them.
local clients = require "partnerapp.oauth.clients"
local config = require "partnerapp.config"
local is_scope = require "partnerapp.oauth.scope"
local limits = require "partnerapp.limits"
local log = require "partnerapp.log"
local scripts = require "native.scripts"

local oauth = {}

local PER_MINUTE = 60 -- for one address, which may be an office full of customers

---@class partnerapp.oauth.mount
---@field app partnerapp.app? shapes what `installed` refuses
---@field path string
---@field scope string
---@field client string? the name of the client's settings
---@field server partnerapp.authorization_server? Segment unless said
---@field installed fun(req: partnerapp.request, install: partnerapp.install): partnerapp.response?, string?
---@field redirect_uri string

local function ending(...)
	return require("partnerapp.oauth.endings").make(...)
end

-- Loaded late: it is needed once for each client when a flow begins, and at a callback.
local function servers()
	return require "partnerapp.oauth.authorization_server"
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

local begin -- of flow.lua, which is loaded with the first flow

--- Begins a flow: the redirect with its one cookie. Writes nothing.
---@param req partnerapp.request
---@param mount partnerapp.oauth.mount
---@return partnerapp.response? response, string? message, string? code
function oauth.start(req, mount)
	local client, err, code = clients.find(mount.client, mount.scope, mount.redirect_uri, mount.server)
	if not client then
		return nil, err, code
	end
	local response = { status = 302, headers = { ["cache-control"] = "no-store" } }
	local prefix = authorize_prefix(mount, client)
	begin = begin or require("partnerapp.oauth.flow").begin
	local state, challenge = begin(req, response, mount)
	response.headers.location = prefix .. state .. "&code_challenge=" .. challenge
	servers().warm(mount.token_origin)
	log.info("install flow begun")
	return response
end

local OPTIONS = { scope = "string", installed = "function", client = "string", server = "table" }

local function unavailable(req, mount, err, code)
	log.error("an install flow cannot begin", { error = err, scope = mount.scope })
	local which = code == "not_set" and "not_set" or "sandbox"
	return ending(
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
			wrong("unknown option '%s'", tostring(name))
		elseif type(value) ~= wanted then
			wrong("option '%s' must be a %s", name, wanted)
		end
	end
	if not options.scope or not options.installed then
		wrong "a mount needs 'scope' and 'installed'"
	elseif not is_scope(options.scope) then
		wrong("'%s' cannot be a scope", options.scope)
	elseif type(path) ~= "string" or not path:find("^/[%w%-._~/]*[%w%-._~]$") then
		wrong("'%s' cannot be the path of a mount: it must look like '/auth/segment'", tostring(path))
	end
end

--- Mounts a flow on an app: what App:oauth does.
---@param app partnerapp.app
---@param path string
---@param options {scope: string, installed: function, client: string?, server: table?}
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
	local mount = {
		app = app,
		scope = options.scope,
		client = options.client,
		server = server,
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
		return require("partnerapp.oauth.callback").finish(req, mount)
	end)
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
