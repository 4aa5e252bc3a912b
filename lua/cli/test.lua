-- partnerapp test: loads the tests, runs their cases and prints TAP. Exit 0 when all passed.
local diff = require "cli.diff"
local files = require "native.files"
local junit = require "cli.junit"
local recorded = require "cli.recorded"
local scripts = require "native.scripts"
local sys = require "native.sys"
local task = require "cli.task"

local command = {
	summary = "Run an app's tests, in process, with the network replaced",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	flags = {
		library = { help = "run the library's own tests, for work on partnerapp itself" },
		watch = { help = "runs again at each save" },
		junit = { value = "FILE", help = "also writes the results as JUnit XML" },
		update = { help = "computes recorded tries again and writes them, after showing the difference" },
	},
	examples = [[
partnerapp test
partnerapp test ./my-app
partnerapp test --library]],
}

local LIBRARY = "--library"
local LIBRARY_APP = "/partnerapp/tests/app" -- the app that the library's own tests call

function command.plan(given)
	if not given.flags.library then
		local plan = task.plan("test", given, given[1])
		plan.arguments = {
			plan.servers and plan.servers[1].app or "",
			given.flags.update and "update" or "",
			given.flags.junit or "",
		}
		plan.watch = given.flags.watch
		return plan
	elseif given[1] then
		files.err "partnerapp: test: --library has its own app: give either an APP or --library\n"
		return { exit_code = 2 }
	end
	given[1] = files.library() .. LIBRARY_APP
	local plan = task.plan("test", given, given[1])
	plan.arguments = { LIBRARY }
	return plan
end

-- Files of tests, and the modules they are: an app's own, or those of the library and the command line.
local FOLDERS = {
	app = { { room = "app", pattern = "^tests/.*_test%.lua$", prefix = "" } },
	library = {
		{ room = "library", pattern = "_test%.lua$", prefix = "partnerapp." },
		{ room = "cli", pattern = "^tests/.*_test%.lua$", prefix = "cli." },
	},
}

local function out(format, ...)
	files.out(format:format(...) .. "\n")
end

-- Prints why a case failed, as lines that a TAP reader skips. Of a traceback, only the lines of the tested code.
local function diagnose(text, of_library)
	local in_traceback = false
	for line in (text .. "\n"):gmatch "([^\n]*)\n" do
		in_traceback = in_traceback or line == "stack traceback:"
		local is_runner = line:find "^\tcli/test%.lua" or not of_library and line:find "^\tpartnerapp/"
		if not in_traceback or line:find "^\t[^%[]" and not is_runner then
			out("  # %s", line)
		end
	end
end

-- Loads the test files. A file that does not load becomes a case that fails.
local function load_cases(testing, folders)
	for _, folder in ipairs(folders) do
		for _, name in ipairs(scripts.list(folder.room)) do
			if name:find(folder.pattern) then
				local module = folder.prefix .. name:gsub("%.lua$", ""):gsub("/", ".")
				local ok, err = pcall(require, module)
				if not ok then
					testing.case(name, function()
						error(err, 0)
					end)
				end
			end
		end
	end
	return testing.cases
end

-- Shows how a recorded try differs; with `update` writes what it is now.
local function check_recorded(one, update)
	local destinations = require "cli.destinations"
	local recordings = require "partnerapp.destination.recordings"
	local destination, message = destinations.load(one.slug)
	local recording, problem = recorded.read(one.path)
	if not destination or not recording then
		error(message or problem, 0)
	end
	local lines = {}
	for _, difference in ipairs(recordings.check(destination, recording)) do
		lines[#lines + 1] = difference.message
		if difference.wanted then
			lines[#lines + 1] = diff.text(difference.wanted, difference.got)
		end
	end
	if #lines > 0 and update then
		diagnose(table.concat(lines, "\n"), false)
		recordings.update(destination, recording)
		assert(recorded.write(one.path, recording))
	elseif #lines > 0 then
		error(table.concat(lines, "\n") .. "\nwhen this is right: partnerapp test --update", 0)
	end
end

local function add_recorded(testing, folder, update)
	for _, one in ipairs(folder ~= "" and recorded.list(folder) or {}) do
		testing.case(("%s: %s"):format(one.slug, one.name), function()
			check_recorded(one, update)
		end)
	end
end

-- Runs all cases and prints TAP. The results for JUnit, and how many failed.
local function run_cases(testing, cases, of_library)
	local results, failed = {}, 0
	out("1..%d", #cases)
	for i, case in ipairs(cases) do
		local begun = sys.monotonic()
		local passed, why = testing.run(case)
		results[i] =
			{ name = case.name, seconds = sys.monotonic() - begun, why = not passed and (why or "failed") or nil }
		out("%s %d - %s", passed and "ok" or "not ok", i, case.name)
		if not passed then
			failed = failed + 1
			diagnose(results[i].why, of_library)
		end
	end
	return results, failed
end

function command.run(arguments)
	local testing = require "partnerapp.testing"
	local of_library = arguments[1] == LIBRARY
	local cases = load_cases(testing, of_library and FOLDERS.library or FOLDERS.app)
	if not of_library then
		add_recorded(testing, arguments[1], arguments[2] == "update")
	end
	local results, failed = run_cases(testing, cases, of_library)
	if #cases == 0 then
		diagnose("there is no case to run; tests are in tests/*_test.lua and destinations/tests", of_library)
	end
	out("%d passed, %d failed", #cases - failed, failed)
	if (arguments[3] or "") ~= "" then
		local written, message = files.write(arguments[3], junit.document(results), 420)
		if not written then
			files.err(("partnerapp: test: %s\n"):format(message))
			return 1
		end
	end
	return failed == 0 and #cases > 0 and 0 or 1
end

return command
