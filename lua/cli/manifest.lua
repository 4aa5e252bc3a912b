-- partnerapp manifest: a destination's data in the form in which Segment keeps it.
local files = require "native.files"
local task = require "cli.task"

local command = {
	summary = "Print a destination as Segment's manifest: its data, without its functions",
	usage = "DESTINATION [options]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		app = { value = "APP", help = "the app's folder; as in `serve` without APP" },
	},
	examples = [[
partnerapp manifest acme
partnerapp manifest acme --app ./my-app > manifest.json]],
}

function command.plan(given)
	if not given[1] then
		files.err "partnerapp: manifest: which destination? See partnerapp manifest --help\n"
		return { exit_code = 2 }
	end
	local plan = task.plan("manifest", given, given.flags.app)
	plan.arguments = { given[1] }
	return plan
end

function command.run(arguments)
	local destinations = require "partnerapp.destination.files"
	local manifest = require "partnerapp.destination.manifest"
	local pretty = require "partnerapp.destination.pretty"
	local destination, message = destinations.load(arguments[1])
	if not destination then
		files.err(("partnerapp: manifest: %s\n"):format(message))
		return 1
	end
	files.out(pretty.json(manifest.of(destination)) .. "\n")
	return 0
end

return command
