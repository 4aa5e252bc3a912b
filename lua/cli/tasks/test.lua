-- `partnerapp test`: loads the tests, runs their cases and prints TAP. Exit 0 when all passed.
local files = require "native.files"
local scripts = require "native.scripts"
local testing = require "partnerapp.testing"

local function out(format, ...)
	files.out(format:format(...) .. "\n")
end

local LIBRARY = "--library"

-- Files of tests, and the modules they are: an app's own, or those of the library and the command line.
local FOLDERS = {
	app = { { kind = "app", pattern = "^tests/.*_test%.lua$", prefix = "" } },
	library = {
		{ kind = "library", pattern = "_test%.lua$", prefix = "partnerapp." },
		{ kind = "cli", pattern = "^tests/.*_test%.lua$", prefix = "cli." },
	},
}

-- Prints what went wrong, as lines that a TAP reader skips; of a traceback, the lines of the tested code.
local function diagnose(text, of_library)
	local in_traceback = false
	for line in (text .. "\n"):gmatch("([^\n]*)\n") do
		in_traceback = in_traceback or line == "stack traceback:"
		local is_runner = line:find("^\tcli/tasks/") or not of_library and line:find("^\tpartnerapp/")
		if not in_traceback or line:find("^\t[^%[]") and not is_runner then
			out("  # %s", line)
		end
	end
end

-- Loads the files; a file that does not load is a failed case of its own.
local function load_cases(folders)
	for _, folder in ipairs(folders) do
		local known, names = pcall(scripts.list, folder.kind)
		for _, name in ipairs(known and names or {}) do
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

--- Runs the app's cases, or with "--library" those of the library and the command line.
---@param arguments string[]
---@return integer exit_code
local function run(arguments)
	local of_library = arguments[1] == LIBRARY
	local cases = load_cases(of_library and FOLDERS.library or FOLDERS.app)
	local failed = 0
	out("1..%d", #cases)
	for i, case in ipairs(cases) do
		local passed, why = testing.run(case)
		out("%s %d - %s", passed and "ok" or "not ok", i, case.name)
		if not passed then
			failed = failed + 1
			diagnose(why or "failed", of_library)
		end
	end
	if #cases == 0 then
		diagnose("there is no case to run; tests are in tests/*_test.lua", of_library)
	end
	out("%d passed, %d failed", #cases - failed, failed)
	return failed == 0 and #cases > 0 and 0 or 1
end

return { run = run }
