-- partnerapp installs: the saved installs, never their tokens. Works beside a running server.
local app = require "cli.app"
local database = require "cli.database"
local files = require "native.files"
local json = require "partnerapp.json"
local listing = require "cli.listing"
local plans = require "cli.plans"
local rules = require "cli.settings.rules"
local servers = require "cli.servers"
local values = require "cli.settings.values"

local command = {
	summary = "List the saved installs, tokens masked",
	usage = "[--app APP] [--demo] [--json]",
	settings = true,
	commands = { "adopt" },
	flags = {
		app = { value = "APP", help = "the app whose installs they are; as in `serve` without APP" },
		demo = { help = "those of the demo" },
		json = { help = "print an array of objects" },
	},
	examples = [[
partnerapp installs
partnerapp installs --demo
partnerapp installs --json]],
}

local PAGE = 500
local LINE = "%-14s %-20s %-26s %-44s %-28s %-28s %-16s %s\n"

function command.plan(given)
	local found = app.find(given.settings, given.flags.app)
	local url = given.flags.demo and rules.use_last_sandbox(found)
	database.check(found)
	if #found.problems > 0 then -- another app than the one that was meant would have no installs
		values.report(found)
		return { exit_code = 2 }
	end
	local path = (found.value.DATABASE_URL or ""):match "^sqlite:(.+)$" or ":memory:"
	if path ~= ":memory:" and not files.stat(path) then
		files.out(given.flags.json and "[]\n" or "No installs yet.\n")
		return { exit_code = 0 }
	end
	rules.for_server(found)
	if values.report(found) then
		return { exit_code = 2 }
	end
	app.tell_person(found)
	local server = servers.shipped_app(found)
	server.settings.SANDBOX_URL = url or nil
	return plans.task("installs", server, { arguments = given.flags.json and { "--json" }, long_running = true })
end

-- Calls `each` with what may be shown of every install, newest first, one page of them in memory at a time.
local function go_through(each)
	local installs = require "partnerapp.installs"
	local from
	repeat
		local list
		list, from = installs.page(PAGE, from)
		if not list then
			error(from, 0)
		end
		for _, install in ipairs(list) do
			each(installs.public(install))
		end
	until not from
end

local function shown(value)
	return value == json.null and "-" or value
end

local function print_table()
	local count = 0
	go_through(function(install)
		if count == 0 then
			files.out(LINE:format("ID", "NAME", "WORKSPACE", "SOURCE", "SCOPE", "SERVER", "HEALTH", "TOKEN EXPIRES"))
		end
		count = count + 1
		files.out(
			LINE:format(
				install.id,
				install.name,
				shown(install.workspace),
				shown(install.source),
				shown(install.scope),
				install.server == json.null and "unknown" or install.server,
				install.health,
				install.expires_at == json.null and "never" or install.expires_at
			)
		)
	end)
	if count == 0 then
		files.out "No installs yet.\n"
	end
end

function command.run(arguments)
	local failed = require("cli.schema").prepare()
	if failed ~= 0 then
		return failed
	end
	if arguments[1] == "--json" then
		listing.print(go_through)
	else
		print_table()
	end
	return 0
end

return command
