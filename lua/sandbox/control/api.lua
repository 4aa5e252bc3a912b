-- The control API below /_sandbox/: for tests and for the demo. Loopback only, JSON both ways.
local clients = require "oauth.clients"
local clock = require "partnerapp.clock"
local faults = require "control.faults"
local intake = require "events.intake"
local request_log = require "control.request_log"
local reply = require "partnerapp.reply"
local scopes = require "oauth.scopes"
local store = require "store"
local redirect_uris = require "oauth.redirect_uris"

local EVENTS = 100

local function failed(message)
	return reply.json({ error = message }, 400)
end

local function register(req)
	local asked = req.json
	if type(asked) ~= "table" or not scopes.is_known(asked.scope) then
		return failed("scope must be workspace, workspace:read or destination/<slug> with a slug of the catalog")
	end
	local problem = redirect_uris.problem(asked.redirect_uris)
	if problem then
		return failed(problem)
	end
	local name = type(asked.display_name) == "string" and asked.display_name or "Demo app"
	local identity = asked.scope .. "\n" .. table.concat(asked.redirect_uris, "\n") .. "\n" .. name
	local client = clients.register({
		scope = asked.scope,
		redirect_uris = asked.redirect_uris,
		public = asked.public ~= false,
		display_name = name,
		workspace = asked.public == false and "business" or nil,
	}, identity)
	return reply.json { client_id = client.client_id, client_secret = client.secret }
end

return function(app)
	-- The server listens on loopback only; this keeps it so behind a proxy or a changed setting. And it is for programs: a
	-- browser names the page that sends something, and that may be any page.
	local function loopback(handler)
		return function(req)
			if not req.ip:find("^127%.") then
				return reply.json({ error = "loopback only" }, 403)
			elseif req:header "origin" then
				return reply.json({ error = "not for web pages" }, 403)
			end
			return handler(req)
		end
	end

	local function post(path, handler)
		app:post("/_sandbox/" .. path, loopback(handler), { csrf = false })
	end

	app:get(
		"/_sandbox/requests",
		loopback(function()
			return reply.json(request_log.all())
		end)
	)

	app:get(
		"/_sandbox/events",
		loopback(function()
			return reply.json { events = intake.last(EVENTS) }
		end)
	)

	post("reset", function()
		store.reset()
		return reply.json {}
	end)

	post("clients", register)

	local function add(path, make)
		post(path, function(req)
			local problem = make(req.json)
			return problem and failed(problem) or reply.json {}
		end)
	end

	add("faults", faults.add)
	add("barrier", faults.add_barrier)

	post("release", function()
		faults.release()
		return reply.json {}
	end)

	app:delete(
		"/_sandbox/faults",
		loopback(function()
			faults.clear()
			return reply.json {}
		end),
		{ csrf = false }
	)

	post("clock", function(req)
		local asked = req.json
		local seconds = type(asked) == "table" and asked.advance
		if type(seconds) ~= "number" or seconds < 0 or seconds > 1e9 then
			return failed("advance must be a number of seconds")
		end
		clock.advance(seconds)
		return reply.json { now = clock.timestamp(clock.now()) }
	end)
end
