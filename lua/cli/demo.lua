-- partnerapp demo: the app against a sandbox, no account needed.
local app = require "cli.app"
local catalog = require "cli.catalog"
local database = require "cli.database"
local files = require "native.files"
local plans = require "cli.plans"
local rules = require "cli.settings.rules"
local servers = require "cli.servers"
local state = require "cli.state"
local values = require "cli.settings.values"

local command = {
	summary = "Run the app against a local Segment; no account needed",
	usage = "[APP] [--destination SLUG] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		destination = { value = "SLUG", choices = catalog.slugs, help = "enable this destination of the catalog" },
		["no-reload"] = { help = "do not watch the scripts; SIGHUP still reloads" },
	},
	examples = [[
partnerapp demo
partnerapp demo --destination mixpanel
partnerapp demo ./my-app --listen 127.0.0.1:9000]],
}

local READY = [[
partnerapp demo

  your app      %s     open it and press "Enable with Segment"
  the sandbox   %s     a local Segment; log in with user@example.com / password
  scripts       %s     edit, save, click again
  settings      %s
  state         %s/

Ctrl-C stops.
]]

local FORGETS = "partnerapp: %s/ cannot be written: the sandbox keeps its state in memory\n"

local UNKNOWN = "the catalog has no destination '%s', and the app no file of it; the catalog has: %s"

-- The settings, with everything that is wrong for a demo among the problems.
local function find(given)
	local found = app.find(given.settings, given[1])
	local slug = given.flags.destination
	rules.read_public_url(found)
	if found.development == false then
		found.problems[#found.problems + 1] = "PUBLIC_URL: the demo is for this machine only; use serve for others"
	else
		rules.apart(found, "LISTEN", "SANDBOX_LISTEN")
		rules.for_server(found)
	end
	rules.for_sandbox(found)
	database.check(found)
	if slug and not catalog.has(slug, found.location.folder) then
		found.problems[#found.problems + 1] = UNKNOWN:format(slug, table.concat(catalog.slugs(), ", "))
	end
	return found
end

-- Where the sandbox keeps its state: in memory when the state folder cannot be made and the app's own database is
-- elsewhere, as in a container with a read-only root. nil when something is wrong, which is told.
local function sandbox_database_of(found)
	local folder = found.location.state
	local made, message = state.make(folder)
	if made then
		return ("sqlite:%s/sandbox.db"):format(folder)
	elseif found.from.DATABASE_URL ~= "default" then
		files.err(FORGETS:format(folder))
		return "sqlite::memory:"
	end
	files.err("partnerapp: " .. message .. "\n")
	return nil
end

function command.plan(given)
	local found = find(given)
	if values.report(found) then
		return { exit_code = 2 }
	end
	local location = found.location
	local sandbox_database = sandbox_database_of(found)
	if not sandbox_database then
		return { exit_code = 1 }
	end
	database.claim(found)
	local url = rules.use_sandbox(found)
	state.note(location.state, "sandbox", url)
	local server = servers.app(found, not given.flags["no-reload"])
	server.settings.SANDBOX_URL = url
	server.settings.DESTINATION = given.flags.destination
	local sandbox = servers.sandbox(found, sandbox_database, found.value.SECRET_KEY)
	local ready = READY:format(found.value.PUBLIC_URL, url, location.shown, location.env, location.state)
	return plans.servers(found, { sandbox, server }, ready)
end

return command
