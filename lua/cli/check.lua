-- partnerapp check: see lua/cli/tasks/check.lua.
local task = require "cli.task"

local check = {
	summary = "Load an app without a network and report every problem",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp check
partnerapp check ./my-app]],
}

function check.plan(given)
	return task.plan("check", given)
end

return check
