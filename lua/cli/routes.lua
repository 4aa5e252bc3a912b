-- partnerapp routes: see lua/cli/tasks/routes.lua.
local task = require "cli.task"

local routes = {
	summary = "List an app's routes with the lines that made them",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp routes
partnerapp routes ./my-app]],
}

function routes.plan(given)
	return task.plan("routes", given)
end

return routes
