-- partnerapp serve: the app against Segment's own hosts.
local app = require "cli.app"
local database = require "cli.database"
local plans = require "cli.plans"
local required = require "cli.required"
local rules = require "cli.settings.rules"
local servers = require "cli.servers"
local task = require "cli.task"
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

-- Adds a problem for each setting of the client that is not set. How many.
local function add_missing(found)
	local count = 0
	for _, name in ipairs { "CLIENT_ID", "CLIENT_SECRET" } do
		if not found.value[name] then
			found.problems[#found.problems + 1] = MISSING:format(name)
			count = count + 1
		end
	end
	return count
end

-- What ends with exit code 2. When only the client is missing, the settings that the app requires are told, too.
local function refusal(found, missing)
	if #found.problems > missing or not required.may_be_in(found.location.folder) then
		return { exit_code = 2 }
	end
	local plan = task.of("required", found)
	plan.arguments = { required.REFUSED }
	return plan
end

function command.plan(given)
	local found = app.find(given.settings, given[1])
	rules.for_server(found)
	local missing = add_missing(found)
	database.check(found)
	database.check_link(found)
	if values.report(found) then
		return refusal(found, missing)
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
