-- partnerapp demo: the app against a sandbox, no account needed.
local catalog = require "cli.catalog"
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local demo = {
	summary = "Run the app against a local Segment; no account needed",
	usage = "[APP] [--destination SLUG] [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		destination = { value = "SLUG", help = "enable this destination of the catalog" },
		["no-reload"] = { help = "do not watch the scripts; SIGHUP still reloads" },
	},
	examples = [[
partnerapp demo
partnerapp demo --destination mixpanel
partnerapp demo ./my-app --listen 127.0.0.1:9000 --public-url http://localhost:9000]],
}

local READY = [[
partnerapp demo

  your app      %s     open it and press "Enable with Segment"
  the sandbox   %s     a local Segment; log in with user@example.com / password
  scripts       %s/init.lua     edit, save, click again
  state         .partnerapp/

Ctrl-C stops.
]]

function demo.plan(given)
	local folder, message = servers.app_folder(given[1])
	local slug = given.flags.destination
	local found = settings.find(given.settings, folder)
	settings.for_server(found)
	settings.for_sandbox(found)
	settings.compare_addresses(found)
	if not folder then
		found.problems[#found.problems + 1] = message
	end
	if slug and not catalog.has(slug) then
		found.problems[#found.problems + 1] = ("the catalog has no destination '%s'; it has: %s"):format(
			slug,
			table.concat(catalog.slugs(), ", ")
		)
	end
	if #found.problems == 0 and not found.development then
		found.problems[#found.problems + 1] = "PUBLIC_URL: the demo is for this machine only; use serve for others"
	end
	if settings.report(found) then
		return { exit_code = 2 }
	end
	local made, problem = files.make_folder(".partnerapp")
	if not made then
		files.err(("partnerapp: .partnerapp: %s\n"):format(problem))
		return { exit_code = 1 }
	end
	local url = settings.use_sandbox(found)
	local app = servers.app(found, folder, not given.flags["no-reload"])
	app.settings.SANDBOX_URL = url
	app.settings.DESTINATION = slug
	return {
		servers = { servers.sandbox(found, "sqlite:.partnerapp/sandbox.db", found.value.SECRET_KEY), app },
		ready = READY:format(found.value.PUBLIC_URL, url, folder),
		log_level = found.value.LOG_LEVEL,
		log_people = files.is_terminal("err"),
	}
end

return demo
