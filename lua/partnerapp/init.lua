-- An app: its routes, hooks, install flows and jobs. Requests are answered in web/dispatch.lua. Modules that few apps
-- or requests need are loaded when they are first used.
local app_settings = require "partnerapp.store.app_settings"
local dispatch = require "partnerapp.web.dispatch"
local hints = require "partnerapp.hints.names"
local refusal = require "partnerapp.web.refusal"
local router = require "partnerapp.web.router"
local routes = require "partnerapp.web.routes"
local scripts = require "native.scripts"
local settings = require "partnerapp.store.settings"

---@alias partnerapp.handler fun(req: partnerapp.request): partnerapp.response?, string?

---@class partnerapp.app
---@field name string
---@field destination string? the slug of the destination
---@field env table<string, string> the app's own settings: see store/app_settings
---@field actions table<string, fun(install: table, args: table?): any, string?, string?>
---@field installs table the store of saved installs
local App = {}

local partnerapp = { refuse = refusal.refuse, required = app_settings.required }

local OPTIONS = { destination = "string", env = "table", name = "string", cors = "table" }

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
		local known = hints.of(App)
		table.move({ "actions", "destination", "env", "installs", "name" }, 1, 5, #known + 1, known)
		error(("an app has no '%s'%s"):format(tostring(name), hints.meant("an app", name, known)), 2)
	end
end

local AppMeta = { __index = index, __name = "app", __metatable = false }

-- Raises with the app's line: the library itself may have added the route for a mount.
local function wrong(message)
	error(scripts.caller() .. ": " .. message, 0)
end

local function check_options(options, known, what)
	if type(options) ~= "table" then
		wrong(("%s: options must be a table, not a %s"):format(what, type(options)))
	end
	for name, value in pairs(options) do
		local wanted = known[name]
		if not wanted then
			local meant = hints.meant(what, name, hints.of(known))
			wrong(("%s: unknown option '%s'%s"):format(what, tostring(name), meant))
		elseif wanted ~= "any" and type(value) ~= wanted then
			wrong(("%s: option '%s' must be a %s"):format(what, name, wanted))
		end
	end
end

local function check_function(method, what, value)
	if type(value) ~= "function" then
		error(("%s: %s must be a function, not a %s"):format(method, what, type(value)), 3)
	end
end

---@param options {destination: string?, env: table<string, string|table>?, name: string?, cors: string[]?}?
---@return partnerapp.app
function partnerapp.new(options)
	if options == nil then
		options = {}
	end
	check_options(options, OPTIONS, "partnerapp.new")
	local app = {
		name = options.name or "app",
		destination = settings.values.DESTINATION or options.destination,
		env = app_settings.read(options.env or {}),
		actions = {},
		_router = router.new(),
		_before = {},
		_after = {},
		_flows = {},
		_cors = options.cors or false,
		_parent = false,
		_failed = false,
		_jobs = {},
		_handlers = {},
	}
	return setmetatable(app, AppMeta)
end

local ROUTE_OPTIONS = { begins_session = "boolean", body_limit = "any", csrf = "boolean" }

local function limit_of(method, path, options)
	if options.body_limit == nil then
		return nil
	end
	local bytes, message = require("partnerapp.web.body_limit").read(options.body_limit)
	return bytes or wrong(("%s %s: %s"):format(method, tostring(path), message))
end

local function add(app, method, path, handler, options)
	if type(handler) ~= "function" then
		error(("%s %s: a handler must be a function, not a %s"):format(method, tostring(path), type(handler)), 3)
	end
	if options == nil then
		options = {}
	end
	check_options(options, ROUTE_OPTIONS, method .. " " .. tostring(path))
	if type(path) == "string" and routes.is_reserved(path) then
		wrong(("%s %s: this path is reserved"):format(method, path))
	end
	local route = {
		method = method,
		path = path,
		handler = handler,
		where = scripts.caller(),
		app = app,
		unguarded = options.csrf == false,
		begins_session = options.begins_session == true,
		body_limit = limit_of(method, path, options),
	}
	local ok, why = app._router:add(route)
	if not ok then
		wrong(why)
	end
end

--- Adds a route. ":id" in "/installs/:id" matches one part of a path, "*rest" in "/files/*rest" all that is left of it.
---@param path string
---@param handler partnerapp.handler
---@return partnerapp.app
function App:get(path, handler)
	add(self, "GET", path, handler)
	return self
end

-- `options.csrf = false` takes the check of HT-04 off one route, for programs that send credentials of their own.
-- `options.begins_session = true` is for a login: it must come from this app's pages, but needs no token of a session,
-- for another tab may have begun one since the form was shown.
-- `options.body_limit` is how many bytes a body may have: a number, or a string such as "8M". 1 MiB unless said.
for _, method in ipairs { "post", "put", "patch", "delete" } do
	App[method] = function(self, path, handler, options)
		add(self, method:upper(), path, handler, options)
		return self
	end
end

--- Runs before the handlers of this app; a response it returns ends the request.
---@param hook partnerapp.handler
function App:before(hook)
	check_function("before", "a hook", hook)
	self._before[#self._before + 1] = hook
end

--- Runs before each response of this app is sent, also those about refusals and faults: fn(req, response). The hook may
--- change the response.
---@param hook fun(req: partnerapp.request, response: partnerapp.response)
function App:after(hook)
	check_function("after", "a hook", hook)
	self._after[#self._after + 1] = hook
end

---@class partnerapp.job
---@field name string
---@field lane string
---@field seconds number
---@field run fun(): any, string?
---@field where string

local function is_job_name(name)
	return type(name) == "string" and #name <= 100 and name:find "^[%w_.-]+$" ~= nil
end

local LANES_MOST = 16 -- PA_VM_LANES in src/script/vm.h: each has a thread

local function add_job(app, job)
	local lanes, count = { [job.lane] = true }, 1
	for _, other in ipairs(app._jobs) do
		count = count + (lanes[other.lane] and 0 or 1)
		lanes[other.lane] = true
	end
	if count > LANES_MOST then
		error(
			("every: '%s' would be in the %dth lane, and an app has at most %d"):format(job.name, count, LANES_MOST),
			3
		)
	end
	for _, other in ipairs(app._jobs) do
		if other.name == job.name then
			error(("every: '%s' is already defined at %s"):format(job.name, other.where), 3)
		end
	end
	table.insert(app._jobs, job)
end

local function add_handler(app, kind, handler)
	local known = app._handlers[kind]
	if known then
		wrong(("on: '%s' is already handled at %s"):format(kind, known.where))
	end
	app._handlers[kind] = handler
end

--- Handles events of a type, as a handler of a Destination Function does. Type "batch" is several events at once: the
--- handler gets a list, and may return a list of results. See docs/destinations.md.
---@param kind "track"|"identify"|"page"|"screen"|"group"|"alias"|"delete"|"batch"
---@param handler fun(event: table, settings: table): any
---@return partnerapp.app
function App:on(kind, handler)
	local known, message = require "partnerapp.destination.event_types"(kind)
	if not known then
		wrong("on: " .. message)
	elseif type(handler) ~= "function" then
		wrong(("on: the handler of '%s' must be a function, not a %s"):format(kind, type(handler)))
	end
	add_handler(self, kind, { run = handler, where = scripts.caller() })
	return self
end

--- Adds the routes, flows, jobs and handlers of events of another app, its routes below a prefix. The other app's hooks
--- and failed() apply to its own routes only.
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
	for kind, handler in pairs(other._handlers) do
		add_handler(self, kind, handler)
	end
	for _, job in ipairs(other._jobs) do
		add_job(self, job)
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
		local problem = require("partnerapp.oauth.mount").shared_client(self._flows, flow)
		if problem then
			error("mount: " .. problem, 2)
		end
		self._flows[#self._flows + 1] = {
			path = prefix .. flow.path,
			scope = flow.scope,
			client = flow.client,
			server = flow.server,
			where = flow.where,
		}
	end
end

--- Mounts an install flow at `path` and its callback at `path .. "/callback"`; see oauth/mount.lua.
---@param path string
---@param options table
function App:oauth(path, options)
	return require("partnerapp.oauth.mount").mount(self, path, options)
end

--- Runs `job` every so many seconds, the first time right away. Of several processes on one database, one runs it. A
--- job has the budget of a request, and should end within two minutes. In one process one job of a lane runs at a
--- time, so a slow job delays only those of its lane.
---@param seconds number from 1 on
---@param name string of the job in the log and in the database: letters, digits, "_", "." and "-"
---@param job fun(): any, string? what it returns is not used, but for nil and a message, which is a failure
---@param options {lane: string?}? "jobs" unless said
---@return partnerapp.app
function App:every(seconds, name, job, options)
	if options == nil then
		options = {}
	end
	check_options(options, { lane = "string" }, "every")
	local lane = options.lane or "jobs"
	if type(seconds) ~= "number" or not (seconds >= 1 and seconds <= 1e7) then
		error("every: seconds must be a number from 1 on", 2)
	elseif not is_job_name(name) then
		error("every: a job's name has letters, digits, '_', '.' and '-' only", 2)
	elseif not is_job_name(lane) then
		error("every: a lane's name has letters, digits, '_', '.' and '-' only", 2)
	elseif type(job) ~= "function" then
		error(("every: the job '%s' must be a function"):format(name), 2)
	end
	add_job(self, { name = name, lane = lane, seconds = seconds, run = job, where = scripts.caller() })
	return self
end

--- Sets how a refusal becomes a response: fn(req, status, message) returns it.
---@param shape fun(req: partnerapp.request, status: integer, message: string): partnerapp.response
function App:failed(shape)
	check_function("failed", "the shape", shape)
	self._failed = shape
end

--- The install flows that are mounted, in the order of definition.
---@return {path: string, scope: string, client: string?, server: partnerapp.authorization_server?, where: string}[]
function App:flows()
	return self._flows
end

--- The routes, in the order of definition.
---@return {method: string, path: string, where: string}[]
function App:routes()
	local list = {}
	for i, route in ipairs(self._router.list) do
		list[i] = { method = route.method, path = route.path, where = route.where }
	end
	return list
end

App.route = dispatch.route
App.dispatch = dispatch.request
App.finish = dispatch.finish

--- Checks an address that came from outside, such as where to return to after a login (OA-21).
---@return string? address nil unless it is a path on this app
---@param address any
function partnerapp.local_path(address)
	return require("partnerapp.web.local_path")(address)
end

---@param count integer bytes of randomness
---@return string string of letters, digits, "-" and "_"
function partnerapp.random(count)
	return require("native.crypto").token(count)
end

return require("partnerapp.hints.names").strict("partnerapp", partnerapp)
