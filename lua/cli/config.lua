-- partnerapp config: every setting, its value and where it came from; then those of the app's own.
local app = require "cli.app"
local files = require "native.files"
local json = require "partnerapp.json"
local listing = require "cli.listing"
local settings = require "cli.settings"
local task = require "cli.task"
local values = require "cli.settings.values"

local command = {
	summary = "Show every setting, also the app's own, its value and where it came from",
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

-- The settings of the server, as cli.settings.own has those of the app.
local function rows_of(found)
	local rows = {}
	for i, setting in ipairs(settings.all) do
		local name = setting.name
		rows[i] = {
			name = name,
			value = shown(setting, found.value[name]),
			from = found.from[name],
			secret = setting.secret or false,
			help = setting.help,
		}
	end
	return rows
end

local function print_table(rows)
	for _, row in ipairs(rows) do
		files.out(("%-21s %-36s %-12s %s\n"):format(row.name, row.value or "-", row.from, row.help))
	end
end

local function print_json(...)
	local lists = { ... }
	listing.print(function(add)
		for _, rows in ipairs(lists) do
			for _, row in ipairs(rows) do
				row.value = row.value or json.null
				add(row)
			end
		end
	end)
end

function command.plan(given)
	local found = app.find(given.settings, given[1])
	local rows, as_json = rows_of(found), given.flags.json
	app.tell(found)
	if not as_json then
		print_table(rows)
	end
	if values.report(found) then
		if as_json then
			print_json(rows)
		end
		return { exit_code = 2 }
	end
	local plan = task.of("config", found)
	plan.arguments = { found.location.env, as_json and assert(json.encode(rows)) or nil }
	return plan
end

-- The app's own settings: those that it names in `env`.
function command.run(arguments)
	local loads, why = pcall(require, "partnerapp.host")
	local own = require("cli.settings.own").all(arguments[1])
	if arguments[2] then
		print_json(json.decode(arguments[2]), own)
	else
		print_table(own)
	end
	if not loads then
		files.err(("partnerapp: the app does not load, so settings of its own may be missing here: %s\n"):format(why))
	end
	return 0
end

return command
