-- partnerapp test: loads the tests, runs their cases and prints TAP. Exit 0 when all passed.
local diff = require "partnerapp.destination.diff"
local failure = require "cli.failure"
local files = require "native.files"
local junit = require "cli.junit"
local log = require "partnerapp.log"
local nearest = require "partnerapp.nearest"
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
		only = { value = "TEXT", help = "only cases whose name has this text; they show what they print" },
		watch = { help = "runs again at each save" },
		junit = { value = "FILE", help = "also writes the results as JUnit XML" },
		update = { help = "computes recorded tries again and writes them, after showing the difference" },
	},
	examples = [[
partnerapp test
partnerapp test ./my-app
partnerapp test --only "is refused"
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
			given.flags.only or "",
		}
		plan.watch = given.flags.watch
		return plan
	elseif given[1] then
		files.err "partnerapp: test: --library has its own app: give either an APP or --library\n"
		return { exit_code = 2 }
	end
	given[1] = files.library() .. LIBRARY_APP
	local plan = task.plan("test", given, given[1])
	plan.arguments = { LIBRARY, "", "", given.flags.only or "" }
	return plan
end

-- Files of tests, and the modules they are: an app's own, or those of the library and the command line.
local FOLDERS = {
	app = { { room = "app", pattern = "^tests/.*_test%.lua$", prefix = "" } },
	library = {
		{ room = "library", pattern = "_test%.lua$", prefix = "partnerapp." },
		{ room = "dashboard", pattern = "^tests/.*_test%.lua$", prefix = "partnerapp_dashboard." },
		{ room = "cli", pattern = "^tests/.*_test%.lua$", prefix = "cli." },
	},
}

local function out(format, ...)
	files.out(format:format(...) .. "\n")
end

-- Prints text as lines that a TAP reader skips.
local function diagnose(text)
	for line in (text .. "\n"):gmatch "([^\n]*)\n" do
		out("  # %s", line)
	end
end

-- Says which files of the app have cases and are not run, for their name.
local function tell_unused()
	for _, name in ipairs(scripts.list("app", "tests/")) do
		local text = not name:find "_test%.lua$" and name:find "%.lua$" and scripts.read("app", name) or ""
		if text:find "partnerapp%.testing" and (text:find "testing%.case%f[%A]" or text:find "testing%.it%f[%A]") then
			diagnose(
				("%s has cases, and is not run by itself: the names of test files end with _test.lua"):format(name)
			)
		end
	end
end

-- Loads the test files. A file that does not load becomes a case that fails, whatever cases were asked for.
local function load_cases(testing, folders)
	for _, folder in ipairs(folders) do
		for _, name in ipairs(scripts.list(folder.room)) do
			if name:find(folder.pattern) then
				local module = folder.prefix .. name:gsub("%.lua$", ""):gsub("/", ".")
				local before = #testing.cases
				local ok, err = pcall(require, module)
				if not ok or #testing.cases == before then
					testing.case(name, function()
						error(ok and "the file has no case" or err, 0)
					end)
					testing.cases[#testing.cases].always = true
				end
			end
		end
	end
	return testing.cases
end

-- Shows how a recorded try differs; with `update` writes what it is now.
local function check_recorded(one, loaded, update)
	local recordings = require "partnerapp.destination.recordings"
	local destination, message = loaded[1], loaded[2]
	local recording, problem = recorded.read(one.path)
	if not destination or not recording then
		error(message or problem, 0)
	end
	problem = recordings.problem(destination, recording)
	if problem then
		error(('%s\nchange "action" in %s, or delete the file'):format(problem, one.path), 0)
	end
	local lines = {}
	for _, difference in ipairs(recordings.check(destination, recording)) do
		lines[#lines + 1] = difference.message
		if difference.wanted then
			lines[#lines + 1] = diff.text(difference.wanted, difference.got)
		end
	end
	if #lines > 0 and update then
		diagnose(table.concat(lines, "\n"))
		recordings.update(destination, recording)
		assert(recorded.write(one.path, recording))
	elseif #lines > 0 then
		error(table.concat(lines, "\n") .. "\nwhen this is right: partnerapp test --update", 0)
	end
end

local function add_recorded(testing, folder, update)
	local destinations = require "cli.destinations"
	local loaded = {}
	for _, one in ipairs(folder ~= "" and recorded.list(folder) or {}) do
		testing.case(("%s: %s"):format(one.slug, one.name), function()
			loaded[one.slug] = loaded[one.slug] or { destinations.load(one.slug) }
			check_recorded(one, loaded[one.slug], update)
		end)
	end
end

-- The cases whose name has a text, and the files that do not load.
local function choose(cases, only)
	local chosen = {}
	for _, case in ipairs(cases) do
		if case.always or case.name:find(only, 1, true) then
			chosen[#chosen + 1] = case
		end
	end
	return chosen
end

local GROWN = 4096 -- kilobytes

-- Frees what the cases before left, as a server does between requests: one case with long texts fails in a VM that is
-- full of it. What is left, in kilobytes.
local function tidy(left)
	if collectgarbage "count" < left + GROWN then
		return left
	end
	sys.collect()
	return collectgarbage "count"
end

-- Runs cases and prints TAP. The results for JUnit, and how many failed.
local function run_cases(testing, cases, of_library, shows_prints)
	local results, failed, left = {}, 0, 0
	out("1..%d", #cases)
	for i, case in ipairs(cases) do
		left = tidy(left)
		local begun = sys.monotonic()
		local passed, why, story = testing.run(case, not of_library)
		local seconds = sys.monotonic() - begun
		results[i] = {
			name = case.name,
			seconds = seconds,
			why = not passed and log.masked(failure.text(why or "failed", story, of_library)) or nil,
		}
		out("%s %d - %s # %.3f s", passed and "ok" or "not ok", i, case.name, seconds)
		if not passed then
			failed = failed + 1
			diagnose(results[i].why)
		elseif shows_prints and story.said[1] then
			local lines = failure.said(story.said, true)
			if lines[1] then
				diagnose(table.concat(lines, "\n"))
			end
		end
	end
	return results, failed
end

-- Says why there is no case to run.
local function tell_none(all, only)
	if #all == 0 then
		diagnose "there is no case to run; tests are in tests/*_test.lua and destinations/tests"
		return
	end
	local names = {}
	for i, case in ipairs(all) do
		names[i] = case.name
	end
	diagnose(("no case has '%s' in its name%s"):format(only, nearest(only, names)))
end

function command.run(arguments)
	local testing = require "partnerapp.testing"
	local of_library = arguments[1] == LIBRARY
	local all, only = load_cases(testing, of_library and FOLDERS.library or FOLDERS.app), arguments[4] or ""
	if not of_library then
		add_recorded(testing, arguments[1], arguments[2] == "update")
	end
	local cases = choose(all, only)
	local results, failed = run_cases(testing, cases, of_library, only ~= "")
	if not of_library then
		tell_unused()
	end
	if #cases == 0 then
		tell_none(all, only)
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
