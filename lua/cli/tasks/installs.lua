-- Prints the saved installs; tokens never.
local files = require "native.files"
local installs = require "partnerapp.installs"
local json = require "partnerapp.json"

local task = {}

local PAGE = 500
local LINE = "%-14s %-20s %-26s %-44s %-28s %-16s %s\n"

local function print_line(install)
	files.out(
		LINE:format(
			install.id,
			install.name,
			install.workspace or "-",
			install.source or "-",
			install.scope or "-",
			install.health,
			installs.public(install).expires_at
		)
	)
end

-- Calls `each` with every install, newest first: they come in pages, for there may be many.
local function go_through(each)
	local from
	repeat
		local list
		list, from = installs.page(PAGE, from)
		if not list then
			error(from, 0)
		end
		for _, install in ipairs(list) do
			each(install)
		end
	until not from
end

local function print_json()
	local before = "["
	go_through(function(install)
		files.out(before .. assert(json.encode(installs.public(install))))
		before = ",\n"
	end)
	files.out((before == "[" and "[" or "") .. "]\n")
end

local function print_table()
	local count = 0
	go_through(function(install)
		if count == 0 then
			files.out(LINE:format("ID", "NAME", "WORKSPACE", "SOURCE", "SCOPE", "HEALTH", "TOKEN EXPIRES"))
		end
		count = count + 1
		print_line(install)
	end)
	if count == 0 then
		files.out "No installs yet.\n"
	end
end

function task.run(arguments)
	if arguments[1] == "--json" then
		print_json()
	else
		print_table()
	end
	return 0
end

return task
