-- partnerapp check: loads the app as a server would and reports every problem with file and line.
local catalog = require "cli.catalog"
local files = require "native.files"
local task = require "cli.task"

local command = {
	summary = "Load an app without a network and report every problem",
	usage = "[APP] [--json]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		json = { help = "one object for a program: ok, app, problems, warnings, looked_at" },
	},
	examples = [[
partnerapp check
partnerapp check ./my-app
partnerapp check --json]],
}

function command.plan(given)
	local plan, folder = task.plan("check", given, given[1])
	plan.arguments = { folder or "", given.flags.json and "json" or "", table.unpack(catalog.slugs()) }
	return plan
end

-- A text of a script, or the name of a file, may have bytes that are not UTF-8, which JSON cannot hold.
local function readable(text)
	local parts, at = {}, 1
	while true do
		local _, wrong = utf8.len(text, at)
		parts[#parts + 1] = text:sub(at, (wrong or 0) - 1)
		if not wrong then
			return table.concat(parts, "\u{FFFD}")
		end
		at = wrong + 1
	end
end

local function each(list, change)
	local changed = require("partnerapp.json").array()
	for i, one in ipairs(list) do
		changed[i] = change(one)
	end
	return changed
end

local function plain(problem)
	return {
		file = problem.file and readable(problem.file),
		line = problem.line,
		code = problem.code,
		message = readable(problem.message),
		hint = problem.hint and readable(problem.hint),
	}
end

local function print_json(folder, found)
	local looked_at = {}
	for name, list in pairs(found.looked_at) do
		looked_at[name] = each(list, readable)
	end
	local object = {
		ok = #found.problems == 0,
		app = readable(folder),
		problems = each(found.problems, plain),
		warnings = each(found.warnings, plain),
		looked_at = looked_at,
	}
	files.out(assert(require("partnerapp.json").encode(object)) .. "\n")
end

local function print_text(found)
	files.out(require("cli.check.looked_at").text(found.looked_at))
	for _, problem in ipairs(found.problems) do
		files.err(problem.text .. "\n")
	end
	for _, warning in ipairs(found.warnings) do
		files.err("warning: " .. warning.text .. "\n")
	end
	if #found.problems > 0 then
		files.err(#found.problems == 1 and "1 problem\n" or #found.problems .. " problems\n")
	else
		files.out "fine\n"
	end
end

function command.run(arguments)
	local failed = require("cli.schema").prepare()
	if failed ~= 0 then
		return failed
	end
	local found = require("cli.check.findings").of(arguments[1], { table.unpack(arguments, 3) })
	if arguments[2] == "json" then
		print_json(arguments[1], found)
	else
		print_text(found)
	end
	return #found.problems == 0 and 0 or found.app_is_fine and 2 or 1
end

return command
