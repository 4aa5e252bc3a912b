-- partnerapp config: every setting, its value and where it came from; then those of the app's own.
local app = require "cli.app"
local files = require "native.files"
local settings = require "cli.settings"
local task = require "cli.task"
local values = require "cli.settings.values"

local command = {
	summary = "Show every setting, also the app's own, its value and where it came from",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp config
partnerapp config ./my-app
LISTEN=0.0.0.0:80 partnerapp config]],
}

local function shown(setting, value)
	if not value or value == "" then
		return "-"
	end
	if setting.secret then
		return "***"
	end
	return setting.shown and setting.shown(value) or value
end

local ROW = "%-21s %-36s %-12s %s\n"

function command.plan(given)
	local found = app.find(given.settings, given[1])
	app.tell(found)
	for _, setting in ipairs(settings.all) do
		local value, from = shown(setting, found.value[setting.name]), found.from[setting.name]
		files.out(ROW:format(setting.name, value, from, setting.help))
	end
	if values.report(found) then
		return { exit_code = 2 }
	end
	local plan = task.of("config", found)
	plan.arguments = { found.location.env }
	return plan
end

-- The app's own settings: those that it names in `env`.
function command.run(arguments)
	local loads, why = pcall(require, "partnerapp.host")
	for _, one in ipairs(require("cli.settings.own").all(arguments[1])) do
		files.out(ROW:format(one.name, one.value or "-", one.from, one.help))
	end
	if not loads then
		files.err(("partnerapp: the app does not load, so settings of its own may be missing here: %s\n"):format(why))
	end
	return 0
end

return command
