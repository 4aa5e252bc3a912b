-- partnerapp check: loads the app as a server would and reports every problem with file and line.
local files = require "native.files"
local task = require "cli.task"

local command = {
	summary = "Load an app without a network and report every problem",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp check
partnerapp check ./my-app]],
}

function command.plan(given)
	return task.plan("check", given, given[1])
end

-- What surprises in the app's destinations.
local function destination_warnings()
	local definition = require "partnerapp.destination.definition"
	local destinations = require "partnerapp.destination.files"
	local list = {}
	for _, name in ipairs(destinations.names()) do
		local destination = destinations.load(name)
		local warnings = destination and definition.warnings(destination) or {}
		table.move(warnings, 1, #warnings, #list + 1, list)
	end
	return list
end

function command.run()
	local check = require "partnerapp.host.check"
	local problems = check.problems()
	if #problems == 0 then
		local ok, message = pcall(require, "partnerapp.host")
		problems = check.names()
		if not ok then
			table.insert(problems, 1, tostring(message))
		end
	end
	for _, problem in ipairs(problems) do
		files.err(problem .. "\n")
	end
	if #problems > 0 then
		return 1
	end
	local warnings = destination_warnings()
	local blocked = require("partnerapp.host.blocked").warnings()
	for _, warning in ipairs(table.move(blocked, 1, #blocked, #warnings + 1, warnings)) do
		files.err("warning: " .. warning .. "\n")
	end
	files.out "fine\n"
	return 0
end

return command
