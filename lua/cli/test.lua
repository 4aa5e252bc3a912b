-- partnerapp test: see lua/cli/tasks/test.lua.
local task = require "cli.task"

local test = {
	summary = "Run an app's tests, in process, with the network replaced",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp test
partnerapp test ./my-app]],
}

function test.plan(given)
	return task.plan("test", given)
end

return test
