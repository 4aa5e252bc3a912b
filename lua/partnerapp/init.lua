-- The library's front door: an app, its routes and how a request becomes a response. What is needed only sometimes is
-- loaded when it is first used.
local refusal = require "partnerapp.web.refusal"
local router = require "partnerapp.web.router"
local scripts = require "native.scripts"
local settings = require "partnerapp.store.settings"

---@alias partnerapp.handler fun(req: partnerapp.request): partnerapp.response?, string?

---@class partnerapp.app
---@field name string
---@field destination string? the slug of the destination
---@field env table<string, string> the app's own settings
---@field actions table<string, fun(install: table, args: table?): any, string?, string?>
---@field installs table the store of saved installs
local App = {}

local partnerapp = { refuse = refusal.refuse }

local OPTIONS = { destination = "string", env = "table", name = "string", cors = "table" }
local RESERVED = { "/healthz", "/readyz", "/metrics", "/dashboard" }

local lazy = {}

function lazy.installs(app)
	return require("partnerapp.installs").store(app)
end

local function index(app, name)
	local method = App[name]
	if method ~= nil then
		return method
	end
	local make = lazy[name]
	if make then
		local value = make(app)
		rawset(app, name, value)
		return value
	end
	if name ~= "destination" then
		error("an app has no field '" .. tostring(name) .. "'", 2)
	end
end

local AppMeta = { __index = index, __name = "app", __metatable = false }

local function check_options(options, known, what)
	for name, value in pairs(options) do
		local wanted = known[name]
		if not wanted then
			error(("%s: unknown option '%s'"):format(what, tostring(name)), 3)
		elseif type(value) ~= wanted then
			error(("%s: option '%s' must be a %s"):format(what, name, wanted), 3)
		end
	end
end

-- The app's own settings: what .env and the environment say, else the defaults.
local function read_env(defaults)
	local values = {}
	for name, default in pairs(defaults) do
		if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
			error("env: '" .. tostring(name) .. "' cannot be the name of a setting", 0)
		end
		values[name] = settings.find(name) or default
	end
	return values
end

---@param options {destination: string?, env: table<string, string>?, name: string?, cors: string[]?}?
---@return partnerapp.app
function partnerapp.new(options)
	options = options or {}
	check_options(options, OPTIONS, "partnerapp.new")
	local app = {
		name = options.name or "app",
		destination = settings.values.DESTINATION or options.destination,
		env = read_env(options.env or {}),
		actions = {},
		_router = router.new(),
		_before = {},
		_after = {},
		_flows = {},
		_cors = options.cors or false,
		_parent = false,
		_failed = false,
		_jobs = false,
	}
	return setmetatable(app, AppMeta)
end

-- A route may be added by the library for a mount: the line to name is the app's.
local function wrong(message)
	error(scripts.caller() .. ": " .. message, 0)
end

local function add(app, method, path, handler, options)
	if type(handler) ~= "function" then
		error(("%s %s: a handler must be a function, not a %s"):format(method, tostring(path), type(handler)), 3)
	end
	options = options or {}
	check_options(options, { csrf = "boolean", begins_session = "boolean" }, method .. " " .. tostring(path))
	for _, reserved in ipairs(RESERVED) do
		if path == reserved or type(path) == "string" and path:sub(1, #reserved + 1) == reserved .. "/" then
			wrong(("%s %s: this path is reserved"):format(method, path))
		end
	end
	local route = {
		method = method,
		path = path,
		handler = handler,
		where = scripts.caller(),
		app = app,
		unguarded = options.csrf == false,
		begins_session = options.begins_session == true,
	}
	local ok, why = app._router:add(route)
	if not ok then
		wrong(why)
	end
end

--- Adds a route: "/installs/:id", or "/files/*rest" for what is left of a path.
---@param path string
---@param handler partnerapp.handler
---@return partnerapp.app
function App:get(path, handler)
	add(self, "GET", path, handler)
	return self
end

-- `options.csrf = false` takes the check of trust row HT-04 off one route, for what is called by programs with
-- credentials of their own. `options.begins_session = true` is for a login: it is judged by where it comes from, but
-- needs no token of a session, for another tab may have begun one since its form was shown.
for _, method in ipairs { "post", "put", "patch", "delete" } do
	App[method] = function(self, path, handler, options)
		add(self, method:upper(), path, handler, options)
		return self
	end
end

--- Runs before the handlers of this app; a response it returns ends the request.
---@param hook partnerapp.handler
function App:before(hook)
	self._before[#self._before + 1] = hook
end

--- Runs with every response of this app, pages about refusals and failures among them, before it is sent: fn(req,
--- response). What the hook changes in the response is what goes out.
---@param hook fun(req: partnerapp.request, response: partnerapp.response)
function App:after(hook)
	self._after[#self._after + 1] = hook
end

--- Takes the routes of another app in, below a prefix. Its hooks and its failed() stay its own.
---@param prefix string "/reports"
---@param other partnerapp.app
function App:mount(prefix, other)
	if other._parent or other == self then
		error("mount: this app is mounted already", 2)
	end
	if other._cors then
		error("mount: 'cors' is an option of the outermost app", 2)
	end
	if type(prefix) ~= "string" or not prefix:find("^/[^:*]*[^/:*]$") then
		error("mount: a prefix must look like '/reports', not " .. tostring(prefix), 2)
	end
	other._parent = self
	if other._jobs then
		require("partnerapp.host.jobs").adopt(self, other)
	end
	for _, route in ipairs(other._router.list) do
		local copy = {}
		for name, value in pairs(route) do
			copy[name] = value
		end
		copy.path = route.path == "/" and prefix or prefix .. route.path
		local ok, why = self._router:add(copy)
		if not ok then
			error(why, 2)
		end
	end
	for _, flow in ipairs(other._flows) do
		self._flows[#self._flows + 1] = {
			path = prefix .. flow.path,
			scope = flow.scope,
			client = flow.client,
			server = flow.server,
		}
	end
end

--- Mounts an install flow at `path` and its callback at `path .. "/callback"`; see partnerapp.oauth.
---@param path string
---@param options table
function App:oauth(path, options)
	return require("partnerapp.oauth.mount").mount(self, path, options)
end

--- Runs `job` every so many seconds, the first time right away; of several processes on one database, one runs it. A
--- job has the budget of a request, and should end within two minutes.
---@param seconds number
---@param name string says in the log and in the database which it is
---@param job fun(): any, string? what it returns is not used, but for nil and a message, which is a failure
---@return partnerapp.app
function App:every(seconds, name, job)
	local ok, why = require("partnerapp.host.jobs").add(self, seconds, name, job)
	if not ok then
		error(why, 2)
	end
	return self
end

--- Shapes every refusal: fn(req, status, message) returns the response.
---@param shape fun(req: partnerapp.request, status: integer, message: string): partnerapp.response
function App:failed(shape)
	self._failed = shape
end

--- The install flows that are mounted, in the order of definition.
---@return {path: string, scope: string, client: string?, server: partnerapp.authorization_server?}[]
function App:flows()
	return self._flows
end

--- What is routed, in the order of definition.
---@return {method: string, path: string, where: string}[]
function App:routes()
	local list = {}
	for i, route in ipairs(self._router.list) do
		list[i] = { method = route.method, path = route.path, where = route.where }
	end
	return list
end

local function run_before(app, req)
	if app._parent then
		local response = run_before(app._parent, req)
		if response then
			return response
		end
	end
	for _, hook in ipairs(app._before) do
		local response = hook(req)
		if response then
			return response
		end
	end
end

--- The route that answers a request, if one does; fills in its params.
---@param req partnerapp.request
---@return partnerapp.route?
function App:route(req)
	local method, path = req.method, req.path
	if method == "HEAD" then
		method = "GET"
	end
	local by_path = self._router.exact[method]
	local route = by_path and by_path[path]
	if not route then
		route, req.params = self._router:match(method, path)
	end
	return route
end

local function unrouted(app, req)
	local path = req.path
	local allowed = app._router:allowed(path)
	if #allowed == 0 then
		if path:sub(1, 8) == "/static/" then
			return require("partnerapp.web.static").serve(req)
		elseif path == "/readyz" or path == "/metrics" then
			return require("partnerapp.host.health").serve(req)
		end
		return refusal.new(404, "There is nothing at this address.")
	end
	local allow = { allow = table.concat(allowed, ", ") }
	if req.method == "OPTIONS" then
		return { status = 204, headers = allow }
	end
	return refusal.new(405, "This address does not take " .. req.method .. " requests.", allow)
end

local function answer(app, req, route)
	local method = req.method
	if method ~= "GET" and method ~= "HEAD" and not route.unguarded then
		local refused = require("partnerapp.web.csrf").check(req, app._cors, route.begins_session)
		if refused then
			return refused
		end
	end
	local owner = route.app
	if owner ~= app or owner._before[1] then
		local response = run_before(owner, req)
		if response then
			return response
		end
	end
	local response, err = route.handler(req)
	if response then
		return response
	end
	if err ~= nil then
		return require("partnerapp.web.fault").failure(req, err)
	end
	return { status = 204, headers = {} }
end

--- Answers a request: what the host and tests call.
---@param req partnerapp.request
---@return partnerapp.response
function App:dispatch(req)
	local by_path = self._router.exact[req.method]
	local route = by_path and by_path[req.path] or App.route(self, req)
	local response
	if route then
		response = answer(self, req, route)
	else
		response = unrouted(self, req)
	end
	if type(response) ~= "table" then
		error("a response must be a table, not a " .. type(response), 0)
	end
	if response.refused then
		response = require("partnerapp.web.fault").shape(route and route.app or self, req, response)
	end
	if self._cors then
		require("partnerapp.web.cors").apply(self._cors, req, response)
	end
	App.finish(self, req, response, route)
	return response
end

--- Runs the hooks of `after`: those of the app that the route belongs to, then those of the apps it is mounted in.
---@param req partnerapp.request
---@param response partnerapp.response
---@param route partnerapp.route?
function App:finish(req, response, route)
	local app = route and route.app or self
	while app do
		for _, hook in ipairs(app._after) do
			hook(req, response)
		end
		app = app._parent
	end
end

--- The address, when it is a path on this app; otherwise nil. For a "return to" that came from outside (OA-21).
---@param address any
---@return string?
function partnerapp.local_path(address)
	return require("partnerapp.web.local_path")(address)
end

---@param count integer bytes of randomness
---@return string text of letters, digits, "-" and "_"
function partnerapp.random(count)
	return require("native.crypto").token(count)
end

return partnerapp
