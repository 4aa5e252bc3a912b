-- partnerapp serve: the app against Segment's own hosts.
local app = require "cli.app"
local database = require "cli.database"
local plans = require "cli.plans"
local rules = require "cli.settings.rules"
local servers = require "cli.servers"
local values = require "cli.settings.values"

local command = {
	summary = "Run the app with your own CLIENT_ID and CLIENT_SECRET",
	usage = "[APP] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		["no-reload"] = { help = "do not watch the scripts, for production; SIGHUP still reloads" },
	},
	examples = [[
partnerapp serve                       with CLIENT_ID and CLIENT_SECRET in .env
partnerapp serve ./my-app --no-reload
PUBLIC_URL=https://app.example.com partnerapp serve]],
}

local MISSING = "%s is not set: put it into .env or the environment; `partnerapp demo` needs none"

local READY = [[
partnerapp serves on %s
%s
Register this redirect URI with your app at Segment: %s/auth/segment/callback
]]

function command.plan(given)
	local found = app.find(given.settings, given[1])
	rules.for_server(found)
	for _, name in ipairs { "CLIENT_ID", "CLIENT_SECRET" } do
		if not found.value[name] then
			found.problems[#found.problems + 1] = MISSING:format(name)
		end
	end
	database.check(found)
	if values.report(found) then
		return { exit_code = 2 }
	end
	database.claim(found)
	local server = servers.app(found, not given.flags["no-reload"])
	return plans.servers(
		found,
		{ server },
		READY:format(found.value.PUBLIC_URL, app.line(found.location), found.value.PUBLIC_URL)
	)
end

return command
