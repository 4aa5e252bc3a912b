-- partnerapp config: every setting, its value and where it came from.
local app = require "cli.app"
local files = require "native.files"
local settings = require "cli.settings"
local values = require "cli.settings.values"

local command = {
	summary = "Show every setting, its value and where it came from",
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

function command.plan(given)
	local found = app.find(given.settings, given[1])
	app.tell(found)
	for _, setting in ipairs(settings.all) do
		local value, from = shown(setting, found.value[setting.name]), found.from[setting.name]
		files.out(("%-21s %-36s %-12s %s\n"):format(setting.name, value, from, setting.help))
	end
	return { exit_code = values.report(found) and 2 or 0 }
end

return command
