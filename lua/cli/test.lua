-- partnerapp test: see lua/cli/tasks/test.lua.
local files = require "native.files"
local task = require "cli.task"

local test = {
	summary = "Run an app's tests, in process, with the network replaced",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	flags = { library = { help = "run the library's own tests, for work on partnerapp itself" } },
	examples = [[
partnerapp test
partnerapp test ./my-app
partnerapp test --library]],
}

local LIBRARY_APP = "/partnerapp/tests/app" -- the app that the library's own tests call

function test.plan(given)
	if not given.flags.library then
		return task.plan("test", given)
	elseif given[1] then
		files.err "partnerapp: test: --library has its own app: give either an APP or --library\n"
		return { exit_code = 2 }
	end
	given[1] = files.library() .. LIBRARY_APP
	local plan = task.plan("test", given)
	plan.arguments = { "--library" }
	return plan
end

return test
