-- partnerapp routes: method, path and place of every route.
local files = require "native.files"
local listing = require "cli.listing"
local task = require "cli.task"

local command = {
	summary = "List an app's routes with the lines that made them",
	usage = "[APP] [--json]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		json = { help = "print an array of objects: method, path, where" },
	},
	examples = [[
partnerapp routes
partnerapp routes ./my-app
partnerapp routes --json]],
}

function command.plan(given)
	local plan = task.plan("routes", given, given[1])
	plan.arguments = given.flags.json and { "--json" } or nil
	return plan
end

function command.run(arguments)
	local host = require "partnerapp.host"
	if arguments[1] == "--json" then
		listing.print(function(add)
			for _, route in ipairs(host.app:routes()) do
				add { method = route.method, path = route.path, where = route.where }
			end
		end)
		return 0
	end
	for _, route in ipairs(host.app:routes()) do
		files.out(("%-7s %-34s %s\n"):format(route.method, route.path, route.where))
	end
	return 0
end

return command
