-- The control API below /_sandbox/, for tests and for the demo: JSON both ways, for programs on this machine, and with
-- SANDBOX_TOKEN for others, such as those of another container. A request of a web page is refused too: browsers send
-- the origin of the page, and any page on this machine could control the sandbox.
local clients = require "oauth.clients"
local clock = require "partnerapp.clock"
local connections = require "control.connections"
local crypto = require "partnerapp.crypto"
local event_log = require "events.event_log"
local faults = require "control.faults"
local fields = require "control.fields"
local loop = require "events.loop"
local redirect_uris = require "oauth.redirect_uris"
local reply = require "partnerapp.reply"
local request_log = require "control.request_log"
local scopes = require "oauth.scopes"
local settings = require "settings"
local store = require "store"

local EVENTS = 100

local function invalid(message)
	return reply.json({ error = message }, 400)
end

local NO_TOKEN = "only programs on the sandbox's own machine may control it; for others, such as another container, "
	.. "start it with SANDBOX_TOKEN set, and send that as Authorization: Bearer …"
local WRONG_TOKEN = "from another machine, Authorization: Bearer … with the sandbox's SANDBOX_TOKEN is needed"

-- What is answered to a program on another machine; nil when it may control the sandbox.
local function refusal_elsewhere(req)
	local token = req:bearer()
	if not settings.token then
		return reply.json({ error = NO_TOKEN }, 403)
	elseif not token or not crypto.equal(token, settings.token) then
		local refusal = reply.json({ error = WRONG_TOKEN }, 401)
		refusal.headers["www-authenticate"] = "Bearer"
		return refusal
	end
end

local function guarded(handler)
	return function(req)
		if req:header "origin" then
			return reply.json({ error = "not for web pages" }, 403)
		end
		local refusal = not req.ip:find "^127%." and refusal_elsewhere(req)
		if refusal then
			return refusal
		end
		return handler(req)
	end
end

-- The handler of a call without a body.
local function runs(action)
	return function()
		action()
		return reply.json {}
	end
end

-- The handler of a call whose body `add` takes; the response is 400 when `add` returns a problem.
local function adds(add)
	return function(req)
		local problem = add(req.json)
		return problem and invalid(problem) or reply.json {}
	end
end

local function show_requests()
	local state = request_log.all()
	state.held = faults.held()
	return reply.json(state)
end

local function show_events()
	return reply.json { events = event_log.last(EVENTS) }
end

local function show_story(req)
	local story, message, code = loop.story(req.params.id)
	if not story then
		return reply.json({ error = message }, loop.status_of(code))
	end
	return reply.json(story)
end

local CLIENT = { "scope", "redirect_uris", "display_name", "public" }

local register = store.in_transaction(function(req)
	local asked = req.json
	local problem = fields.problem(asked, CLIENT)
		or scopes.problem(asked.scope)
		or redirect_uris.problem(asked.redirect_uris)
	local name = not problem and asked.display_name
	if name == nil then
		name = "Demo app"
	end
	problem = problem or type(name) ~= "string" and "display_name must be a string"
	if problem then
		return invalid(problem)
	end
	local identity = asked.scope .. "\n" .. table.concat(asked.redirect_uris, "\n") .. "\n" .. name
	local client = clients.register({
		scope = asked.scope,
		redirect_uris = asked.redirect_uris,
		public = asked.public ~= false,
		display_name = name,
		workspace = asked.public == false and "business" or nil,
	}, identity)
	return reply.json { client_id = client.client_id, client_secret = client.secret }
end)

local function move_clock(req)
	local asked = req.json
	local problem = fields.problem(asked, { "advance" })
	if problem then
		return invalid(problem)
	end
	local seconds = asked.advance
	if type(seconds) ~= "number" or seconds < 0 or seconds > 1e9 then
		return invalid "advance must be a number of seconds"
	end
	clock.advance(seconds)
	return reply.json { now = clock.timestamp(clock.now()) }
end

return function(app)
	local function add(method, path, handler)
		app[method](app, "/_sandbox/" .. path, guarded(handler), method ~= "get" and { csrf = false } or nil)
	end

	add("get", "requests", show_requests)
	add("get", "events", show_events)
	add("get", "stories/:id", show_story)
	add("post", "connections", adds(connections.add))
	add("post", "reset", runs(store.reset))
	add("post", "clients", register)
	add("post", "faults", adds(faults.add))
	add("post", "barrier", adds(faults.add_barrier))
	add("post", "release", runs(faults.release))
	add("delete", "faults", runs(faults.clear))
	add("post", "clock", move_clock)
end
