-- Prints the saved installs; tokens never.
local files = require "native.files"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"

local task = {}

local LINE = "%-24s %-14s %-26s %-34s %-28s %s\n"

local function print_table(list)
	if #list == 0 then
		files.out("No installs yet.\n")
		return
	end
	files.out(LINE:format("ID", "NAME", "WORKSPACE", "SOURCE", "SCOPE", "TOKEN EXPIRES"))
	for _, install in ipairs(list) do
		files.out(
			LINE:format(
				install.id,
				install.name,
				install.workspace or "-",
				install.source or "-",
				install.scope or "-",
				install.expires_at or "-"
			)
		)
	end
end

function task.run(arguments)
	local list = json.array {}
	for _, install in ipairs(installs.all()) do
		list[#list + 1] = installs.public(install)
	end
	if arguments[1] == "--json" then
		files.out(assert(json.encode(list)) .. "\n")
	else
		print_table(list)
	end
	return 0
end

return task
