-- partnerapp test: loads the app's tests/*_test.lua, runs their cases and prints TAP. Exit 0 when all passed.
local files = require "native.files"
local scripts = require "native.scripts"
local task = require "cli.task"
local testing = require "partnerapp.testing"

local command = {
	summary = "Run an app's tests, in process, with the network replaced",
	usage = "[APP]",
	arguments = { most = 1 },
	settings = true,
	examples = [[
partnerapp test
partnerapp test ./my-app]],
}

function command.plan(given)
	return task.plan("test", given)
end

local function out(format, ...)
	files.out(format:format(...) .. "\n")
end

-- Prints why a case failed, as lines that a TAP reader skips. Of a traceback, only the app's own lines.
local function diagnose(text)
	local in_traceback = false
	for line in (text .. "\n"):gmatch("([^\n]*)\n") do
		in_traceback = in_traceback or line == "stack traceback:"
		if
			not in_traceback
			or line:find("^\t[^%[]") and not line:find("^\tpartnerapp/") and not line:find("^\tcli/")
		then
			out("  # %s", line)
		end
	end
end

-- Loads the test files. A file that does not load becomes a case that fails.
local function load_cases()
	for _, name in ipairs(scripts.list("app", "tests/")) do
		local module = name:match("^(.*_test)%.lua$")
		if module then
			local ok, err = pcall(require, (module:gsub("/", ".")))
			if not ok then
				testing.case(name, function()
					error(err, 0)
				end)
			end
		end
	end
	return testing.cases
end

-- The cases whose name contains one of the words; all when there are no words.
local function chosen(cases, words)
	if #words == 0 then
		return cases
	end
	local list = {}
	for _, case in ipairs(cases) do
		for _, word in ipairs(words) do
			if case.name:find(word, 1, true) then
				list[#list + 1] = case
				break
			end
		end
	end
	return list
end

function command.run(arguments)
	local cases = chosen(load_cases(), arguments)
	local failed = 0
	out("1..%d", #cases)
	for i, case in ipairs(cases) do
		local passed, why = testing.run(case)
		out("%s %d - %s", passed and "ok" or "not ok", i, case.name)
		if not passed then
			failed = failed + 1
			diagnose(why or "failed")
		end
	end
	if #cases == 0 then
		diagnose("there is no case to run; tests are in tests/*_test.lua")
	end
	out("%d passed, %d failed", #cases - failed, failed)
	return failed == 0 and #cases > 0 and 0 or 1
end

return command
