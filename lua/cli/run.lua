-- partnerapp run: one of the app's actions for one install. Works beside a running server.
local files = require "native.files"
local servers = require "cli.servers"
local settings = require "cli.settings"

local run = {
	summary = "Run one of the app's actions for an install and print what it returns",
	usage = "ACTION INSTALL [key=value …] [options]",
	arguments = { most = 100 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app's folder; ./lua/app when there is one" },
		demo = { help = "for an install of the demo: Segment is the sandbox, which has to be running" },
	},
	examples = [[
partnerapp run enable installs/7
partnerapp run enable installs/7 --demo
partnerapp run set_plan p8UJ4nbGg2Vd plan=pro --app ./my-app]],
}

function run.plan(given)
	if #given < 2 then
		files.err "partnerapp: run: an action and an install are needed: see partnerapp run --help\n"
		return { exit_code = 2 }
	end
	local folder, message = servers.app_folder(given.flags.app)
	local found = settings.find(given.settings, folder)
	settings.for_server(found)
	if not folder then
		found.problems[#found.problems + 1] = message
	end
	local url = given.flags.demo and settings.use_sandbox(found)
	if settings.report(found) then
		return { exit_code = 2 }
	end
	local server = servers.app(found, folder, false)
	server.settings.SANDBOX_URL = url or nil
	return servers.task("run", server, given)
end

return run
