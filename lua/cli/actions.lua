-- partnerapp actions: a destination of the app behind Segment's local protocol for trying an action.
local app = require "cli.app"
local files = require "native.files"
local nearest = require "partnerapp.nearest"
local plans = require "cli.plans"
local servers = require "cli.servers"
local slugs = require "partnerapp.destination.slug"
local values = require "cli.settings.values"

local command = {
	summary = "Let Segment's own tools try a destination; its requests are sent",
	usage = "[DESTINATION [APP]] [--port PORT] [options]",
	arguments = { most = 2 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the same as APP, as in `try`" },
		port = { value = "PORT", help = "the port on 127.0.0.1; 3000, where Segment's tools look, unless given" },
	},
	examples = [[
partnerapp actions acme
partnerapp actions acme ./my-app --port 3001
curl -H 'Content-Type: application/json' http://localhost:3000/track -d '{"payload": {}, "settings": {}}']],
}

local PORT = "3000"

local READY = [[
Segment's tools can try %s on http://localhost:%s
  THE REQUESTS ARE SENT: each try calls the partner's API, with the settings that come with it
  in a browser  Segment's action tester at https://app.segment.com
  with curl     curl -H 'Content-Type: application/json' http://localhost:%s/ACTION \
                  -d '{"payload": {"type": "track"}, "settings": {}}'
  the script    %s/destinations/%s.lua: edit, save, try again

Ctrl-C stops.
]]

local function fail(code, message, ...)
	files.err("partnerapp: actions: " .. message:format(...) .. "\n")
	return { exit_code = code }
end

-- The names of the app's destinations, as its files have them.
local function names_in(folder)
	local names = {}
	for _, name in ipairs(files.list(folder .. "/destinations") or {}) do
		local base = name:match "^([%w_]+)%.lua$"
		if base and base ~= "init" then
			names[#names + 1] = base
		end
	end
	return names
end

-- The destination that is meant; nil and a plan that says why there is none.
local function choose(wanted, folder)
	local names = names_in(folder)
	if not wanted and #names == 1 then
		return names[1]
	elseif not wanted and #names > 0 then
		return nil, fail(2, "which destination? The app has %s", table.concat(names, ", "))
	elseif not wanted then
		return nil, fail(1, "the app has no destination: partnerapp new destination SLUG makes one")
	end
	local base = slugs.file(wanted)
	for _, name in ipairs(names) do
		if name == base then
			return wanted
		end
	end
	return nil, fail(1, "there is no %s/destinations/%s.lua%s", folder, base, nearest(base, names))
end

function command.plan(given)
	local found, port = app.find(given.settings, given[2] or given.flags.app), given.flags.port or PORT
	local number = port:find "^%d+$" and tonumber(port)
	if not number or number < 1 or number > 65535 then
		found.problems[#found.problems + 1] = ("--port: '%s' is not a port from 1 to 65535"):format(port)
	elseif given[2] and given.flags.app then
		found.problems[#found.problems + 1] = "APP is given twice: as an argument and with --app"
	elseif given.settings.LISTEN then
		found.problems[#found.problems + 1] = "--listen is for the app's server: this one is moved by --port"
	end
	if values.report(found) then
		return { exit_code = 2 }
	end
	local slug, plan = choose(given[1], found.location.folder)
	if not slug then
		return plan
	end
	port = ("%d"):format(number)
	local ready = READY:format(slug, port, port, found.location.folder, slugs.file(slug))
	return plans.servers(found, { servers.actions(found, slug, port) }, ready)
end

return command
