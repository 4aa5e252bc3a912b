-- partnerapp config: every setting, its value and where it came from.
local app = require "cli.app"
local files = require "native.files"
local json = require "partnerapp.json"
local listing = require "cli.listing"
local settings = require "cli.settings"
local values = require "cli.settings.values"

local command = {
	summary = "Show every setting, its value and where it came from",
	usage = "[APP] [--json]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		json = { help = "print an array of objects: name, value, from, secret, help" },
	},
	examples = [[
partnerapp config
partnerapp config ./my-app
partnerapp config --json
LISTEN=0.0.0.0:80 partnerapp config]],
}

-- What may be shown of a value; nil when there is none.
local function shown(setting, value)
	if not value or value == "" then
		return nil
	end
	if setting.secret then
		return "***"
	end
	return setting.shown and setting.shown(value) or value
end

local function print_table(found)
	for _, setting in ipairs(settings.all) do
		local value, from = shown(setting, found.value[setting.name]), found.from[setting.name]
		files.out(("%-21s %-36s %-12s %s\n"):format(setting.name, value or "-", from, setting.help))
	end
end

local function print_json(found)
	listing.print(function(add)
		for _, setting in ipairs(settings.all) do
			local name = setting.name
			add {
				name = name,
				value = shown(setting, found.value[name]) or json.null,
				from = found.from[name],
				secret = setting.secret or false,
				help = setting.help,
			}
		end
	end)
end

function command.plan(given)
	local found = app.find(given.settings, given[1])
	app.tell(found)
	if given.flags.json then
		print_json(found)
	else
		print_table(found)
	end
	return { exit_code = values.report(found) and 2 or 0 }
end

return command
