-- partnerapp routes: method, path and place of every route.
local files = require "native.files"
local task = require "cli.task"

local command = {
	summary = "List an app's routes with the lines that made them",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp routes
partnerapp routes ./my-app]],
}

function command.plan(given)
	return task.plan("routes", given, given[1])
end

function command.run()
	local host = require "partnerapp.host"
	for _, route in ipairs(host.app:routes()) do
		files.out(("%-7s %-34s %s\n"):format(route.method, route.path, route.where))
	end
	return 0
end

return command
